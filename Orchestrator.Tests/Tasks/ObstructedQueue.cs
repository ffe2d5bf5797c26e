using System.Collections.Concurrent;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

/// <summary>
/// A queue whose calls go through only when a test lets them: it may hold one up, or throw in its place. Counts the calls
/// that have ended.
/// </summary>
/// <param name="queue">The queue behind it.</param>
/// <param name="obstruct">What is awaited before each call, which it gets by name: <c>nameof(ITaskQueue.CompleteAsync)</c>.</param>
internal sealed class ObstructedQueue(ITaskQueue queue, Func<string, Task> obstruct) : ITaskQueue
{
    private readonly ConcurrentDictionary<string, int> _ended = new();

    /// <summary>How many calls of that name have been answered or have thrown.</summary>
    public int Ended(string call) => _ended.GetValueOrDefault(call);

    public async ValueTask<EnqueueResult> EnqueueAsync(TaskSpecification spec, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(EnqueueAsync), () => queue.EnqueueAsync(spec, cancellationToken));
    }

    public async ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(ClaimAsync), () => queue.ClaimAsync(worker, count, visibility, cancellationToken));
    }

    public async ValueTask<IReadOnlyList<bool>> ExtendAsync(IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(ExtendAsync), () => queue.ExtendAsync(claims, visibility, cancellationToken));
    }

    public async ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(CompleteAsync), () => queue.CompleteAsync(claim, result, cancellationToken));
    }

    public async ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(FailAsync), () => queue.FailAsync(claim, error, retryAfter, cancellationToken));
    }

    public async ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        return await EndAsync(nameof(ReleaseAsync), () => queue.ReleaseAsync(claim, cancellationToken));
    }

    public ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken) => queue.GetAsync(taskId, cancellationToken);

    public ValueTask<TaskPage> ListAsync(TaskQuery query, CancellationToken cancellationToken) => queue.ListAsync(query, cancellationToken);

    public ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken) => queue.CancelAsync(taskId, cancellationToken);

    public ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken) => queue.RetryAsync(taskId, cancellationToken);

    public ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken) => queue.CountAsync(cancellationToken);

    public ValueTask<int> PurgeAsync(CancellationToken cancellationToken) => queue.PurgeAsync(cancellationToken);

    public IDisposable OnWork(Action wake) => queue.OnWork(wake);

    public ValueTask PingAsync(CancellationToken cancellationToken) => queue.PingAsync(cancellationToken);

    private async ValueTask<T> EndAsync<T>(string name, Func<ValueTask<T>> call)
    {
        try
        {
            await obstruct(name);
            return await call();
        }
        finally
        {
            _ended.AddOrUpdate(name, 1, static (_, count) => count + 1);
        }
    }
}
