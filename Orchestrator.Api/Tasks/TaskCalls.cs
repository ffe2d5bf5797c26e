using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Client;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api.Tasks;

/// <summary>Adds two numbers; submits, shows, lists, cancels and retries tasks.</summary>
internal static class TaskCalls
{
    private const int MaxIdLength = 128;
    private const int DefaultLimit = 100;
    private const int MaxListedResult = 4 << 10;
    private const string Greeting = "hello from valkey";
    private const string TaskNotFound = "TASK_NOT_FOUND";

    public static Ok<SumResponse> Add([FromQuery] string? a, [FromQuery] string? b, ServiceIdentity identity)
    {
        if (string.IsNullOrEmpty(a) || string.IsNullOrEmpty(b))
        {
            throw TaskSubmission.ParamsMissing();
        }

        try
        {
            return TypedResults.Ok(new SumResponse(identity.InstanceId, AddHandler.Add(a, b).ToJson()));
        }
        catch (ArgumentException e)
        {
            throw new InvalidInputException("INPUT_INVALID", e.Message);
        }
    }

    public static async Task<Results<Accepted<TaskAccepted>, ErrorResult>> SubmitAsync(
        JsonBody<TaskRequest> body,
        HttpRequest request,
        TaskSubmission submission,
        ITaskQueue queue,
        ServiceIdentity identity,
        CancellationToken cancellationToken)
    {
        var spec = submission.Read(body.Value, request.Query);
        var added = await queue.EnqueueAsync(spec, cancellationToken);
        var initiator = identity.InstanceId;
        if (added.Existing && await queue.GetAsync(added.TaskId, cancellationToken) is { } earlier)
        {
            if (!TaskSubmission.AreSame(spec, earlier.Spec))
            {
                return new ErrorResult(StatusCodes.Status409Conflict, "IDEMPOTENCY_CONFLICT", "The idempotency_key belongs to a task of another type or input.");
            }

            initiator = earlier.Spec.InitiatedBy;
        }

        return TypedResults.Accepted($"/tasks/{added.TaskId}/status", new TaskAccepted(added.TaskId, initiator));
    }

    public static async Task<Results<Ok<TaskView>, ErrorResult>> GetStatusAsync(
        string taskId, ITaskQueue queue, ServiceIdentity identity, CancellationToken cancellationToken) =>
        IsId(taskId) && await queue.GetAsync(taskId, cancellationToken) is { } task
            ? TypedResults.Ok(TaskViews.Of(task, identity.InstanceId))
            // The wizard's words.
            : new ErrorResult(StatusCodes.Status404NotFound, TaskNotFound,
                $"No Task_ID to check status {(taskId.Length <= MaxIdLength ? taskId : taskId[..MaxIdLength] + "…")}");

    public static async Task<Ok<TaskList>> ListAsync(
        [FromQuery] string? status,
        [FromQuery] string? limit,
        [FromQuery] string? cursor,
        [FromQuery] string? results,
        ITaskQueue queue,
        ServiceIdentity identity,
        CancellationToken cancellationToken)
    {
        var page = await queue.ListAsync(
            new TaskQuery
            {
                State = ReadState(status),
                Limit = Paging.ReadLimit(limit, DefaultLimit),
                After = Paging.ReadCursor(cursor),
                MaxResultBytes = ReadResults(results) ? MaxListedResult : 0,
            },
            cancellationToken);
        return TypedResults.Ok(new TaskList(
            [.. page.Tasks.Select(task => TaskViews.Of(task, identity.InstanceId) with { Tenant = task.Spec.Tenant.Name })],
            page.Next?.ToString()));
    }

    public static Task<Ok<TaskList>> ListDeadAsync(
        [FromQuery] string? limit, [FromQuery] string? cursor, ITaskQueue queue, ServiceIdentity identity, CancellationToken cancellationToken) =>
        ListAsync("failed", limit, cursor, null, queue, identity, cancellationToken);

    public static Ok<TaskTypeList> ListTypes(TaskTypes types) => TypedResults.Ok(new TaskTypeList(
        [.. types.All.Select(handler => new TaskTypeEntry(handler.Type, JsonElement.Parse(handler.InputSchema)))]));

    public static async Task<Results<Ok<TaskChanged>, ErrorResult>> CancelAsync(
        string taskId, ITaskQueue queue, CancellationToken cancellationToken) =>
        (IsId(taskId) ? await queue.CancelAsync(taskId, cancellationToken) : TaskChange.Unknown) switch
        {
            TaskChange.Done => TypedResults.Ok(new TaskChanged(taskId, "cancelled")),
            TaskChange.Refused => Conflict("TASK_NOT_PENDING", "Only a pending task can be cancelled."),
            _ => NotFound(),
        };

    public static async Task<Results<Ok<TaskChanged>, ErrorResult>> RetryAsync(
        string taskId, ITaskQueue queue, CancellationToken cancellationToken) =>
        (IsId(taskId) ? await queue.RetryAsync(taskId, cancellationToken) : TaskChange.Unknown) switch
        {
            TaskChange.Done => TypedResults.Ok(new TaskChanged(taskId, "pending")),
            TaskChange.Refused => Conflict("TASK_NOT_FAILED", "Only a failed task can be retried."),
            _ => NotFound(),
        };

    public static Ok<string> WhoAmI(ServiceIdentity identity) => TypedResults.Ok(identity.InstanceId);

    public static async Task<Results<Ok<ValkeyTestResponse>, JsonHttpResult<ValkeyTestResponse>>> TestValkeyAsync(
        IServiceProvider services, ServiceIdentity identity, HttpResponse response, CancellationToken cancellationToken)
    {
        var (message, error) = await TryValkeyAsync(services.GetService<RedisConnection>(), cancellationToken);
        if (error is null)
        {
            return TypedResults.Ok(new ValkeyTestResponse(true, new ValkeyMessage(message!), null, identity.InstanceId));
        }

        response.ComeAgain();
        return TypedResults.Json(
            new ValkeyTestResponse(false, null, error, identity.InstanceId),
            ContractJson.Default.ValkeyTestResponse,
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<(string? Message, string? Error)> TryValkeyAsync(RedisConnection? redis, CancellationToken cancellationToken)
    {
        if (redis is null)
        {
            return (null, "No Redis or Valkey is configured (ConnectionStrings:redis).");
        }

        try
        {
            return await redis.WriteAndReadAsync("valkey_test", Greeting, cancellationToken) is { } read ? (read, null) : (null, "The value written could not be read back.");
        }
        catch (StoreUnavailableException e)
        {
            return (null, e.Message);
        }
    }

    private static TaskPhase? ReadState(string? status)
    {
        if (string.IsNullOrEmpty(status))
        {
            return null;
        }

        foreach (var state in Enum.GetValues<TaskPhase>())
        {
            if (TaskViews.NameOf(state) == status)
            {
                return state;
            }
        }

        throw InvalidInputException.Field("status", "must be pending, running, complete, failed or cancelled.");
    }

    private static bool ReadResults(string? results) => results switch
    {
        null or "" or "false" => false,
        "true" => true,
        _ => throw InvalidInputException.Field("results", "must be true or false."),
    };

    private static bool IsId(string id) => id.Length <= MaxIdLength && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static ErrorResult NotFound() => new(StatusCodes.Status404NotFound, TaskNotFound, "Task not found; it may have expired.");

    private static ErrorResult Conflict(string error, string message) => new(StatusCodes.Status409Conflict, error, message);
}
