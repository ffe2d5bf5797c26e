using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>A queue that reports when a task's end is written.</summary>
internal sealed class ObservedQueue(ITaskQueue queue) : ITaskQueue
{
    public Action Completed { get; set; } = () => { };

    public ValueTask<EnqueueResult> EnqueueAsync(TaskSpecification spec, CancellationToken cancellationToken) => queue.EnqueueAsync(spec, cancellationToken);

    public ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken) =>
        queue.ClaimAsync(worker, count, visibility, cancellationToken);

    public ValueTask<IReadOnlyList<bool>> ExtendAsync(IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken) =>
        queue.ExtendAsync(claims, visibility, cancellationToken);

    public async ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken)
    {
        var done = await queue.CompleteAsync(claim, result, cancellationToken);
        Completed();
        return done;
    }

    public ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken) =>
        queue.FailAsync(claim, error, retryAfter, cancellationToken);

    public ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken) => queue.ReleaseAsync(claim, cancellationToken);

    public ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken) => queue.GetAsync(taskId, cancellationToken);

    public ValueTask<TaskPage> ListAsync(TaskQuery query, CancellationToken cancellationToken) => queue.ListAsync(query, cancellationToken);

    public ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken) => queue.CancelAsync(taskId, cancellationToken);

    public ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken) => queue.RetryAsync(taskId, cancellationToken);

    public ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken) => queue.CountAsync(cancellationToken);

    public ValueTask<int> PurgeAsync(CancellationToken cancellationToken) => queue.PurgeAsync(cancellationToken);

    public IDisposable OnWork(Action wake) => queue.OnWork(wake);

    public ValueTask PingAsync(CancellationToken cancellationToken) => queue.PingAsync(cancellationToken);
}
