using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

/// <summary>A queue whose calls go through only when a test lets them: it may hold one up, or throw in its place.</summary>
/// <param name="queue">The queue behind it.</param>
/// <param name="obstruct">What is awaited before each call, which it gets by name: <c>nameof(ITaskQueue.CompleteAsync)</c>.</param>
internal sealed class ObstructedQueue(ITaskQueue queue, Func<string, Task> obstruct) : ITaskQueue
{
    public async ValueTask<EnqueueResult> EnqueueAsync(TaskSpec spec, CancellationToken cancellationToken)
    {
        await obstruct(nameof(EnqueueAsync));
        return await queue.EnqueueAsync(spec, cancellationToken);
    }

    public async ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken)
    {
        await obstruct(nameof(ClaimAsync));
        return await queue.ClaimAsync(worker, count, visibility, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<bool>> ExtendAsync(IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken)
    {
        await obstruct(nameof(ExtendAsync));
        return await queue.ExtendAsync(claims, visibility, cancellationToken);
    }

    public async ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken)
    {
        await obstruct(nameof(CompleteAsync));
        return await queue.CompleteAsync(claim, result, cancellationToken);
    }

    public async ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        await obstruct(nameof(FailAsync));
        return await queue.FailAsync(claim, error, retryAfter, cancellationToken);
    }

    public async ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        await obstruct(nameof(ReleaseAsync));
        return await queue.ReleaseAsync(claim, cancellationToken);
    }

    public ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken) => queue.GetAsync(taskId, cancellationToken);

    public ValueTask<IReadOnlyList<TaskRecord>> ListAsync(TaskState? state, int limit, CancellationToken cancellationToken) =>
        queue.ListAsync(state, limit, cancellationToken);

    public ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken) => queue.CancelAsync(taskId, cancellationToken);

    public ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken) => queue.RetryAsync(taskId, cancellationToken);

    public ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken) => queue.CountAsync(cancellationToken);

    public ValueTask<int> PurgeAsync(CancellationToken cancellationToken) => queue.PurgeAsync(cancellationToken);

    public IDisposable OnWork(Action wake) => queue.OnWork(wake);

    public ValueTask PingAsync(CancellationToken cancellationToken) => queue.PingAsync(cancellationToken);
}
