using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.ServiceDefaults.Errors;
using Orchestrator.ServiceDefaults.Http;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.Worker.Pod;

/// <summary>Enqueues the pod's tasks and answers its audits.</summary>
internal static class PodTasks
{
    private const string ComputeFibonacci = "ComputeFibonacci";
    private const string Expected = "Hello World!";
    private const int MaxIdLength = 128;

    public static async Task<Results<JsonHttpResult<PodTaskResponse>, ErrorResult>> StartAsync(
        [FromRoute(Name = "id")] string todoId,
        JsonBody<PodTaskRequest> sent,
        ITaskQueue queue,
        FibonacciHandler fibonacci,
        PodOptions pod,
        TasksOptions options,
        ServiceIdentity identity,
        CancellationToken cancellationToken)
    {
        CheckId("todoId", todoId);
        var body = sent.Value
            ?? throw new InvalidInputException("FIELD_REQUIRED", "task_id, input and todo are required.");
        if (body.Todo is null)
        {
            throw new InvalidInputException("FIELD_REQUIRED", "todo is required.");
        }

        if (body.Todo != ComputeFibonacci)
        {
            return new ErrorResult(StatusCodes.Status400BadRequest, $"Unknown task type: {(body.Todo.Length <= MaxIdLength ? body.Todo : body.Todo[..MaxIdLength])}");
        }

        if (body.TaskId is null)
        {
            throw new InvalidInputException("FIELD_REQUIRED", "task_id is required.");
        }

        CheckId("task_id", body.TaskId);
        if (body.Input is not { } input || fibonacci.Read(input) is not { } n)
        {
            throw new InvalidInputException("FIELD_INVALID", body.Input is { } given ? fibonacci.RefuseNumber(given, "input")! : "input is required.");
        }

        var spec = new TaskSpecification
        {
            Type = FibonacciHandler.Name,
            Input = FibonacciHandler.InputFor(n),
            InitiatedBy = identity.InstanceId,
            MaxAttempts = options.MaxAttempts,
            // No id holds a space, so every pair has its own key.
            IdempotencyKey = $"pod {body.TaskId} {todoId}",
            Callback = pod.CallbackFor(body.TaskId, todoId),
            TraceParent = Activity.Current?.Id,
        };
        var added = await queue.EnqueueAsync(spec, cancellationToken);
        if (added.Existing && await queue.GetAsync(added.TaskId, cancellationToken) is { } earlier && earlier.Spec.Input != spec.Input)
        {
            return new ErrorResult(StatusCodes.Status409Conflict, "TASK_CONFLICT",
                $"Task {body.TaskId} with todoId {todoId} was started with another input.");
        }

        return TypedResults.Json(new PodTaskResponse(todoId, "Task started"), PodJson.Plain.PodTaskResponse);
    }

    public static async Task<JsonHttpResult<bool>> AuditAsync(HttpRequest request) =>
        TypedResults.Json(await IsExpectedAsync(request), PodJson.Plain.Boolean);

    private static async Task<bool> IsExpectedAsync(HttpRequest request)
    {
        try
        {
            return await JsonBody.ReadAsync(request, PodJson.Plain.PodAudit) is { Submission.Message: Expected };
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }

    private static void CheckId(string name, string id)
    {
        // "." and ".." survive the escaping in Pod:CallbackUrl and would be steps in its path.
        if (id.Length is 0 or > MaxIdLength || id is "." or ".." || id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or ':' or '-')))
        {
            throw InvalidInputException.Field(name, $"must be 1 to {MaxIdLength} letters, digits, '.', '_', ':' or '-', and not '.' or '..'.");
        }
    }
}
