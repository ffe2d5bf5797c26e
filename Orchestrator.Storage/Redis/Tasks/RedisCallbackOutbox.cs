using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Redis.Tasks;

/// <summary>The outbox on Redis or Valkey; its keys are listed at <see cref="RedisTaskKeys"/>.</summary>
internal sealed class RedisCallbackOutbox(RedisConnection redis, RedisTaskQueue queue) : ICallbackOutbox
{
    private readonly RedisTaskKeys _keys = new(redis.KeyPrefix);

    public async ValueTask<CallbackBatch> ClaimCallbacksAsync(int count, TimeSpan visibility, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var answer = RedisTaskQueue.Values(await redis.EvaluateAsync(
            RedisTaskScripts.ClaimCallbacks, _keys.Root, [count, RedisTaskQueue.Milliseconds(visibility)]));
        var due = answer.Skip(1).Chunk(3).ToDictionary(one => one[0].ToString());
        List<DueCallback> callbacks = [];
        foreach (var task in await queue.ReadAsync([.. due.Keys]))
        {
            var (attempt, age) = ((int)due[task.Id][1], TimeSpan.FromMilliseconds((long)due[task.Id][2]));
            if (task.FinishedAt is not null)
            {
                callbacks.Add(new DueCallback(task, attempt, age, attempt));
            }
        }

        return new CallbackBatch(callbacks, RedisTaskQueue.Due(answer[0]));
    }

    public async ValueTask<bool> SettleCallbackAsync(DueCallback callback, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        var pause = retryAfter is { } time ? RedisTaskQueue.Milliseconds(time) : -1;
        var answer = await redis.EvaluateAsync(
            RedisTaskScripts.SettleCallback, _keys.Root, [callback.Task.Id, callback.Fence, pause]).WaitAsync(cancellationToken);
        return (int)answer == 1;
    }
}
