using Orchestrator.Client;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Sessions.Processes;

/// <summary>The calls of docs/contract/sandbox.md, section 2.</summary>
internal static class ProcessEndpoints
{
    private const string Events = """
        id: 2
        event: stdout
        data: "1\n"

        event: exit
        data: {"exitCode":0,"durationMs":21.4,"timedOut":false,"truncated":false}


        """;

    public static void MapProcesses(this IEndpointRouteBuilder runners)
    {
        var group = runners.MapGroup("/{sessionId}").WithTags("Processes").FailsWithoutGuest();

        group.MapGet("/processes", ProcessHandlers.ListAsync)
            .WithName("ListProcesses")
            .WithSummary("List the processes of a session's runner")
            .WithDescription("Commands and terminals that run, and those that ended within ten minutes.")
            .Answers<ProcessList>(200, """
                {"processes":[{"pid":42,"command":["python3","server.py"],"cwd":"/home/user","startedAt":"2026-01-01T00:00:00+00:00",
                "cpuSeconds":0.12,"memoryBytes":14680064}]}
                """);

        group.MapGet("/processes/{pid:int}/output", ProcessHandlers.StreamAsync)
            .WithName("GetProcessOutput")
            .WithSummary("Stream a process's output")
            .WithDescription("""
                Server-sent events stdout, stderr and exit: the last MiB, from the offset since or the header Last-Event-ID, then with
                follow=true what comes. encoding=base64 keeps every byte.
                """)
            .Answers<string>(200, Events, "text/event-stream")
            .Fails(400, "FIELD_INVALID", "since must be an offset: the id of an event.");

        group.MapPost("/processes/{pid:int}/input", ProcessHandlers.WriteAsync)
            .WithName("WriteProcessInput")
            .WithSummary("Write the body to a process's standard input")
            .WithDescription("With eof=true the input ends after it.")
            .TakesBytes("a line\n")
            .Answers(204)
            .Fails(409, "NOT_POSSIBLE", "The process's standard input is closed.");

        group.MapDelete("/processes/{pid:int}", ProcessHandlers.SignalAsync)
            .WithName("SignalProcess")
            .WithSummary("Signal a process and everything it started")
            .WithDescription("TERM unless signal names another; TERM is followed by KILL after five seconds.")
            .Answers(204)
            .Fails(400, "FIELD_INVALID", "signal must be a signal's name, such as TERM, or its number, 1 to 64.");

        group.MapGet("/terminal", TerminalHandler.OpenAsync)
            .WithName("OpenTerminal")
            .WithSummary("Open or attach to a terminal over a WebSocket")
            .WithDescription("""
                Binary messages are bytes both ways; a text message {"resize":{"cols":80,"rows":24}} changes the size. Leaving detaches;
                pid attaches again. With the sub-protocol orchestrator.terminal the first message is the text {"pid":42}; a page, which can
                set no header, offers its key as the sub-protocol orchestrator.key. and its UTF-8 in base64url.
                """)
            .ChangesState()
            .Answers(101)
            .Fails(400, "FIELD_INVALID", "cols must be from 1 to 1000.")
            .Fails(426, "WEBSOCKET_REQUIRED", "This call is a WebSocket.");
    }
}
