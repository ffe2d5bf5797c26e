using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api.Tasks;

/// <summary>The calls of docs/contract/math-wizard.md, for every task type.</summary>
internal static class TaskEndpoints
{
    private const string Pending = """{"task_id":"0199f0c2-7a50-7d3e-9c3b-0123456789ab","status":"pending"}""";
    private const string Accepted = """{"task_id":"0199f0c2-7a50-7d3e-9c3b-0123456789ab","initiated_by":"api-1"}""";
    private const string Complete = """
        {"task_id":"0199f0c2-7a50-7d3e-9c3b-0123456789ab","type":"add","status":"complete","initiated_by":"api-1","checked_by":"api-2",
        "handled_by":"worker-1","result":3,"attempts":1,"created_at":"2026-01-01T00:00:00+00:00","started_at":"2026-01-01T00:00:00.002+00:00",
        "finished_at":"2026-01-01T00:00:00.003+00:00"}
        """;
    private const string Listed = """
        {"task_id":"0199f0c2-7a50-7d3e-9c3b-0123456789ab","tenant":"default","type":"add","status":"pending","initiated_by":"api-1",
        "checked_by":"api-2","attempts":0,"created_at":"2026-01-01T00:00:00+00:00"}
        """;

    public static RouteGroupBuilder MapTasks(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapListener(Listener.Sessions).WithTags("Tasks").WithMetadata(TaskErrors.Map).FailsUnexpectedly();

        group.MapGet("/add", TaskCalls.Add)
            .WithName("Add")
            .WithSummary("Add two numbers at once")
            .TellsErrorsInWords()
            .Answers<SumResponse>(200, """{"handled_by":"api-1","sum":3}""")
            .Fails(400, "INPUT_INVALID", "Missing params: a and b are required.");

        group.MapPost("/task", TaskCalls.SubmitAsync)
            .WithName("SubmitTask")
            .WithSummary("Submit a task")
            .WithDescription("a, b and operation as query or body, or a type and its input.")
            .TellsErrorsInWords()
            .Takes(ContractJson.Default.TaskRequest, """{"type":"fibonacci","input":{"n":100}}""").IgnoresUnknownFields()
            .Answers<TaskAccepted>(202, Accepted)
            .Fails(400, "INPUT_INVALID", "a is not a number.")
            .Fails(409, "IDEMPOTENCY_CONFLICT", "The idempotency_key belongs to a task of another type or input.")
            .FailsWhenQueueIsFull()
            .FailsWithoutStore();

        group.MapGet("/tasks/{taskId}/status", TaskCalls.GetStatusAsync)
            .WithName("GetTaskStatus")
            .WithSummary("Get a task's status and result")
            .TellsErrorsInWords()
            .Answers<TaskView>(200, Complete)
            .Fails(404, "TASK_NOT_FOUND", "No Task_ID to check status 0199f0c2-7a50-7d3e-9c3b-0123456789ab")
            .FailsWithoutStore();

        group.MapGet("/tasks", TaskCalls.ListAsync)
            .WithName("ListTasks")
            .WithSummary("List the newest tasks, in pages")
            .WithDescription("Without results; results=true adds those of up to 4 KB. cursor is the next of the page before.")
            .Answers<TaskList>(200, $$"""{"tasks":[{{Listed}}],"next":"1766000000000-0199f0c2-7a50-7d3e-9c3b-0123456789ab"}""")
            .Fails(400, "FIELD_INVALID", "limit must be from 1 to 1000.")
            .FailsWithoutStore();

        group.MapGet("/tasks/dead", TaskCalls.ListDeadAsync)
            .WithName("ListDeadTasks")
            .WithSummary("List the dead letters: tasks whose last attempt failed")
            .Answers<TaskList>(200, """{"tasks":[]}""")
            .Fails(400, "FIELD_INVALID", "limit must be from 1 to 1000.")
            .FailsWithoutStore();

        group.MapGet("/tasks/types", TaskCalls.ListTypes)
            .WithName("ListTaskTypes")
            .WithSummary("List the task types and their input schemas")
            .Answers<TaskTypeList>(200, """{"types":[{"type":"fibonacci","input_schema":{"type":"object"}}]}""");

        group.MapDelete("/tasks/{taskId}", TaskCalls.CancelAsync)
            .WithName("CancelTask")
            .WithSummary("Cancel a pending task")
            .Answers<TaskChanged>(200, Pending.Replace("pending", "cancelled", StringComparison.Ordinal))
            .Fails(404, "TASK_NOT_FOUND", "Task not found; it may have expired.")
            .Fails(409, "TASK_NOT_PENDING", "Only a pending task can be cancelled.")
            .FailsWithoutStore();

        group.MapPost("/tasks/{taskId}/retry", TaskCalls.RetryAsync)
            .WithName("RetryTask")
            .WithSummary("Retry a failed task")
            .Answers<TaskChanged>(200, Pending)
            .Fails(404, "TASK_NOT_FOUND", "Task not found; it may have expired.")
            .Fails(409, "TASK_NOT_FAILED", "Only a failed task can be retried.")
            .FailsWithoutStore();

        group.MapGet("/whoami", TaskCalls.WhoAmI)
            .WithName("WhoAmI")
            .WithSummary("Get the instance that answers")
            .TellsErrorsInWords()
            .Answers<string>(200, "\"api-1\"");

        group.MapGet("/valkey_test", TaskCalls.TestValkeyAsync)
            .WithName("TestValkey")
            .WithSummary("Write to the shared store and read it back")
            .TellsErrorsInWords()
            .Answers<ValkeyTestResponse>(200, """{"valkey_ok":true,"read_value":{"message":"hello from valkey"},"handled_by":"api-1"}""")
            .Answers<ValkeyTestResponse>(503, """{"valkey_ok":false,"error":"Redis can't be reached.","handled_by":"api-1"}""");
        return group;
    }
}
