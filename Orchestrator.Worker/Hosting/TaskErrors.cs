using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Worker.Hosting;

/// <summary>The answers to the queue's exceptions.</summary>
public static class TaskErrors
{
    private static readonly TimeSpan OutagePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FullPause = TimeSpan.FromSeconds(5);

    /// <summary>A full queue is 429, a store that can't be reached 503; both carry <c>Retry-After</c>.</summary>
    public static ErrorMap Map { get; } = new(exception => exception switch
    {
        TaskQueueFullException full => new(StatusCodes.Status429TooManyRequests, "QUEUE_FULL",
            $"{full.Message} Please retry in a few seconds.", FullPause),
        StoreUnavailableException => new(StatusCodes.Status503ServiceUnavailable, "STORE_UNAVAILABLE",
            "The store can't be reached. Please retry in a few seconds.", OutagePause),
        _ => null,
    });
}
