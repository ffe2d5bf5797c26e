using Orchestrator.Core.Tasks;
using Orchestrator.ServiceDefaults.Doors;
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

    public static RouteGroupBuilder MapTasks(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapDoor(Door.Sessions).WithTags("Tasks").WithMetadata(TaskErrors.Map);

        group.MapGet("/add", TaskCalls.Add)
            .WithName("Add")
            .WithSummary("Adds two numbers at once")
            .Answers<SumResponse>(200, """{"handled_by":"api-1","sum":3}""")
            .Fails(400, "INPUT_INVALID", "b is required.");

        group.MapPost("/task", TaskCalls.SubmitAsync)
            .WithName("SubmitTask")
            .WithSummary("Takes a task in")
            .WithDescription("a, b and operation as query or body, or a type and its input.")
            .Takes<TaskRequest>("""{"type":"fibonacci","input":{"n":100}}""")
            .Answers<TaskAccepted>(202, Accepted)
            .Fails(400, "INPUT_INVALID", "a is not a number.")
            .Fails(409, "IDEMPOTENCY_CONFLICT", "The idempotency_key belongs to a task of another type or input.")
            .Fails(429, "QUEUE_FULL", "1000000 tasks are waiting already. Please retry in a few seconds.");

        group.MapGet("/tasks/{taskId}/status", TaskCalls.GetStatusAsync)
            .WithName("GetTaskStatus")
            .WithSummary("Tells where a task stands")
            .Answers<TaskView>(200, Complete)
            .Fails(404, "TASK_NOT_FOUND", "There is no task of this id, or no more.");

        group.MapGet("/tasks", TaskCalls.ListAsync)
            .WithName("ListTasks")
            .WithSummary("Lists the newest tasks")
            .Answers<TaskList>(200, $$"""{"tasks":[{{Complete}}]}""")
            .Fails(400, "FIELD_INVALID", "limit must be from 1 to 1000.");

        group.MapGet("/tasks/dead", TaskCalls.ListDeadAsync)
            .WithName("ListDeadTasks")
            .WithSummary("Lists the tasks that failed for good")
            .Answers<TaskList>(200, """{"tasks":[]}""");

        group.MapGet("/tasks/types", TaskCalls.ListTypes)
            .WithName("ListTaskTypes")
            .WithSummary("Lists the task types with their input's schema")
            .Answers<TaskTypeList>(200, """{"types":[{"type":"fibonacci","input_schema":{"type":"object"}}]}""");

        group.MapDelete("/tasks/{taskId}", TaskCalls.CancelAsync)
            .WithName("CancelTask")
            .WithSummary("Cancels a pending task")
            .Answers<TaskChanged>(200, Pending.Replace("pending", "cancelled", StringComparison.Ordinal))
            .Fails(404, "TASK_NOT_FOUND", "There is no task of this id, or no more.")
            .Fails(409, "TASK_NOT_PENDING", "Only a pending task can be cancelled.");

        group.MapPost("/tasks/{taskId}/retry", TaskCalls.RetryAsync)
            .WithName("RetryTask")
            .WithSummary("Puts a failed task back")
            .Answers<TaskChanged>(200, Pending)
            .Fails(404, "TASK_NOT_FOUND", "There is no task of this id, or no more.")
            .Fails(409, "TASK_NOT_FAILED", "Only a failed task can be put back.");

        group.MapGet("/whoami", TaskCalls.WhoAmI)
            .WithName("WhoAmI")
            .WithSummary("Tells which instance answers")
            .Answers<string>(200, "\"api-1\"");

        group.MapGet("/valkey_test", TaskCalls.TestValkeyAsync)
            .WithName("TestValkey")
            .WithSummary("Writes to the shared store and reads it again")
            .Answers<ValkeyTestResponse>(200, """{"valkey_ok":true,"read_value":{"message":"hello from valkey"},"handled_by":"api-1"}""")
            .Answers<ValkeyTestResponse>(503, """{"valkey_ok":false,"error":"Redis can't be reached.","handled_by":"api-1"}""");
        return group;
    }
}
