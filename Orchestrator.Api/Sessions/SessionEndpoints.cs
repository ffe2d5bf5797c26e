using Orchestrator.Api.Sessions.Files;
using Orchestrator.Api.Sessions.Processes;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.Sessions;

/// <summary>The calls of docs/contract/session-runners.md, and those that docs/contract/contract.md adds.</summary>
internal static class SessionEndpoints
{
    private const string Events = """
        event: stdout
        data: "1\n"

        event: exit
        data: {"exitCode":0,"timedOut":false,"truncated":false,"durationMs":21.4}


        """;

    public static RouteGroupBuilder MapSessions(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapListener(Listener.Sessions).MapGroup("/api/runner").WithTags("Sessions").FailsUnexpectedly();

        group.MapPost("/provision", Provisioning.ProvisionAsync)
            .WithName("ProvisionRunner")
            .WithSummary("Provision a session's runner")
            .WithDescription("The runner is ready when the answer comes. A call that names no session gets a new one.")
            .Takes(ContractJson.Default.ProvisionRequest, """{"sessionId":"my-session"}""").IgnoresUnknownFields()
            .Answers<ProvisionResponse>(201, Provisioned("Runner provisioned successfully."))
            .Answers<ProvisionResponse>(200, Provisioned("Runner already exists for this session."))
            .Fails(400, "SESSION_ID_INVALID", "sessionId must be 1 to 128 letters, digits, '.', '_', ':' or '-', the first a letter or digit.")
            .Fails(500, "DOCKER_IMAGE_NOT_FOUND", "Docker image runner-image not found. Ensure it has been built, typically by the 'runner-builder' service.")
            .Fails(503, "CAPACITY_EXHAUSTED", "Every runner is taken. Please retry in a few seconds.")
            .Fails(504, "RUNNER_NOT_READY", "The runner did not get ready in time and was removed.");

        group.MapPost("/deprovision", Provisioning.DeprovisionAsync)
            .WithName("DeprovisionRunner")
            .WithSummary("Stop and remove a session's runner")
            .Takes(ContractJson.Default.SessionRequest, """{"sessionId":"my-session"}""").IgnoresUnknownFields()
            .Answers<MessageResponse>(200, """{"message":"Runner for session my-session deprovisioned successfully."}""")
            .Fails(400, "SESSION_ID_REQUIRED", "Session ID is required for deprovisioning.")
            .Fails(404, "RUNNER_NOT_FOUND", "No active runner found for this session ID.")
            .FailsWithoutStore();

        group.MapPost("/heartbeat", Provisioning.HeartbeatAsync)
            .WithName("HeartbeatRunner")
            .WithSummary("Extend a session's lease to INACTIVITY_TIMEOUT_SECONDS from now")
            .Takes(ContractJson.Default.SessionRequest, """{"sessionId":"my-session"}""").IgnoresUnknownFields()
            .Answers<MessageResponse>(200, """{"message":"Heartbeat received for session my-session."}""")
            .Fails(400, "SESSION_ID_REQUIRED", "Session ID is required for heartbeat.")
            .Fails(404, "RUNNER_NOT_FOUND", "No active runner found for this session ID.")
            .FailsWithoutStore();

        group.MapPost("/{sessionId}/exec", Execution.ExecAsync)
            .WithName("ExecInRunner")
            .WithSummary("Run a command in a session's runner")
            .WithDescription("""
                With Accept: text/event-stream the output is streamed, in events stdout, stderr and exit. The command and everything it
                started die at its time limit and when the caller leaves; what it leaves behind when it ends by itself lives on. With
                background the answer comes as soon as it runs.
                """)
            .Takes(ContractJson.Default.ExecBody, """{"command":["python3","-c","print(1)"],"timeoutSeconds":60}""")
            .Answers<ExecResponse>(200, """{"exitCode":0,"stdout":"1\n","stderr":"","durationMs":21.4,"timedOut":false,"truncated":false}""")
            .Streams(200, Events)
            .Answers<BackgroundResponse>(202, """{"pid":42,"startedAt":"2026-01-01T00:00:00+00:00"}""")
            .Fails(400, "FIELD_REQUIRED", "command is required: the program and its arguments.")
            .Fails(429, "RUNNER_BUSY", "64 processes run in this runner already.")
            .FailsWithoutGuest();

        group.MapGet("/{sessionId}/logs", Execution.CopyLogsAsync)
            .WithName("GetRunnerLogs")
            .WithSummary("Stream the log of a session's runner")
            .WithDescription("With follow=true it goes on until the runner ends; at most two callers follow a session's log at a time.")
            .Answers<string>(200, "Listening on port 3000.\n", "text/plain")
            .Fails(429, "QUOTA_EXCEEDED", "The log is followed 2 times already, which is the limit. Please retry once one of them has left.")
            .Fails(400, "FIELD_INVALID", "tail must be a number of lines from 0.")
            .Fails(404, "RUNNER_NOT_FOUND", "No active runner found for this session ID.")
            .Fails(503, "ENGINE_UNAVAILABLE", "The container engine can't be reached. Please retry in a few seconds.");

        group.MapPost("/drain", RunnerLists.DrainAsync)
            .WithName("DrainPool")
            .WithSummary("Remove every idle runner and machine")
            .WithDescription("Leased ones stay. The pools refill at once.")
            .Answers<MessageResponse>(200, """{"message":"4 idle runners removed; fresh ones take their places."}""")
            .FailsWithoutStore();

        group.MapGet("/", RunnerLists.ListAsync)
            .WithName("ListRunners")
            .WithSummary("List the runners, in pages")
            .WithDescription("Oldest first; template and state select. cursor is the next of the page before.")
            .Answers<RunnerList>(200, """
                {"runners":[{"id":"runner-1766000000000-a1b2c3d4e","template":"session","state":"leased",
                "owner":{"tenant":"default","kind":"session","id":"my-session"},"endpoint":"http://localhost:32768",
                "containerId":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","image":"runner-image",
                "createdAt":"2026-01-01T00:00:00+00:00","expiresAt":"2026-01-01T00:01:00+00:00"}]}
                """)
            .Fails(400, "FIELD_INVALID", "limit must be from 1 to 1000.")
            .FailsWithoutStore();

        group.MapProcesses();
        group.MapFiles();
        return group;
    }

    private static string Provisioned(string message) => $$"""
        {"message":"{{message}}","endpoint":"http://localhost:32768","sessionId":"my-session",
        "runnerId":"runner-1766000000000-a1b2c3d4e","token":"64 hexadecimal digits","expiresAt":"2026-01-01T00:01:00+00:00"}
        """;
}
