using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Pod;

/// <summary>The compute pod of docs/contract/orca-pod.md, on its own listener.</summary>
public static class PodEndpoints
{
    /// <summary>Opens the pod listener.</summary>
    public static WebApplicationBuilder AddPod(this WebApplicationBuilder builder)
    {
        builder.AddListener(Listener.Pod);
        builder.Services.AddOptions<PodOptions>().BindConfiguration(PodOptions.Section).ValidateSettings(PodOptions.Section);
        builder.Services.AddSingleton(TaskErrors.Map);
        return builder;
    }

    /// <summary>Maps the calls of the pod listener.</summary>
    public static RouteGroupBuilder MapPod(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapListener(Listener.Pod).WithTags("Pod").FailsUnexpectedly();
        group.MapPost("/task/{id}", PodTasks.StartAsync).WithMetadata(TaskErrors.Map)
            .WithName("StartPodTask")
            .WithSummary("Start a task whose result is posted back")
            .Takes(PodJson.Plain.PodTaskRequest, """{"task_id":"TESTING_TASK_ID","input":10,"todo":"ComputeFibonacci"}""").IgnoresUnknownFields()
            .Answers<PodTaskResponse>(200, """{"todoId":"todo-1","status":"Task started"}""")
            .Fails(400, "Unknown task type: ComputePi")
            .Fails(409, "TASK_CONFLICT", "Task TESTING_TASK_ID with todoId todo-1 was started with another input.")
            .FailsWhenQueueIsFull()
            .FailsWithoutStore();
        group.MapPost("/audit", PodTasks.AuditAsync)
            .WithName("AuditSubmission")
            .WithSummary("Check whether a submission's message is the expected one")
            .Takes(PodJson.Plain.PodAudit, """{"submission":{"message":"Hello World!"}}""").IgnoresUnknownFields()
            .Answers<bool>(200, "true");
        group.MapMethods("/", Verbs.Head, GetHealth).ExcludeFromDescription();
        group.MapGet("/", GetHealth)
            .WithName("GetPod")
            .WithSummary("Answer OK")
            .Answers<string>(200, "OK", "text/plain");
        group.MapPost("/healthz", GetHealth).AllowAnonymous()
            .WithName("PostPodHealth")
            .WithSummary("Answer OK")
            .Answers<string>(200, "OK", "text/plain");
        return group;
    }

    private static string GetHealth() => "OK";
}
