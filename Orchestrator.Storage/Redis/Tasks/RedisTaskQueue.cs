using System.Globalization;
using Orchestrator.Core;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Tasks;

/// <summary>
/// The queue on Redis or Valkey; its keys are listed at <see cref="RedisTaskKeys"/>. Every change is one script, so it
/// is atomic; it is as durable as the server's append-only file.
/// </summary>
internal sealed class RedisTaskQueue : ITaskQueue
{
    // Results may be large, and Redis serves no other call while it reads them.
    private const int ReadAtOnce = 16;
    private const int BriefAtOnce = 64;

    private readonly RedisConnection _redis;
    private readonly RedisTaskKeys _keys;
    private readonly TasksOptions _options;
    private readonly CallBatcher<(string Id, TaskSpecification Spec), string> _enqueues;
    private readonly CallBatcher<Settlement, int> _settlements;

    public RedisTaskQueue(RedisConnection redis, TasksOptions options)
    {
        _redis = redis;
        _keys = new RedisTaskKeys(redis.KeyPrefix);
        _options = options;
        _enqueues = new(EnqueueTogetherAsync);
        _settlements = new(SettleTogetherAsync);
    }

    public async ValueTask<EnqueueResult> EnqueueAsync(TaskSpecification spec, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7().ToString();
        var answer = await _enqueues.CallAsync((id, spec), cancellationToken);
        return answer switch
        {
            "full" => throw TaskQueueFullException.OfTasks(_options),
            "bytes" => throw TaskQueueFullException.OfBytes(_options),
            _ => new EnqueueResult(answer, answer != id),
        };
    }

    public async ValueTask<ClaimedBatch> ClaimAsync(string worker, int count, TimeSpan visibility, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);

        // An abandoned claim would hold its tasks for nothing: once sent, it is waited for.
        cancellationToken.ThrowIfCancellationRequested();
        var answer = Values(await EvaluateAsync(RedisTaskScripts.Claim, RedisTaskRecord.Word(worker), count, Milliseconds(visibility)));
        var now = DateTimeOffset.FromUnixTimeMilliseconds((long)answer[0]);
        var tasks = new ClaimedTask[(answer.Length - 2) / 5];
        for (var i = 0; i < tasks.Length; i++)
        {
            var at = 2 + (i * 5);
            tasks[i] = new ClaimedTask(
                new TaskClaim(answer[at].ToString(), (long)answer[at + 1]),
                RedisTaskRecord.ReadSpec(answer[at + 4]),
                (int)answer[at + 2],
                DateTimeOffset.FromUnixTimeMilliseconds((long)answer[at + 3]),
                now);
        }

        return new ClaimedBatch(tasks, Due(answer[1]));
    }

    public async ValueTask<IReadOnlyList<bool>> ExtendAsync(
        IReadOnlyList<TaskClaim> claims, TimeSpan visibility, CancellationToken cancellationToken)
    {
        if (claims.Count == 0)
        {
            return [];
        }

        var arguments = new RedisValue[1 + (claims.Count * 2)];
        arguments[0] = Milliseconds(visibility);
        for (var i = 0; i < claims.Count; i++)
        {
            (arguments[1 + (i * 2)], arguments[2 + (i * 2)]) = (claims[i].TaskId, claims[i].Fence);
        }

        var answer = Values(await EvaluateAsync(RedisTaskScripts.Extend, arguments).WaitAsync(cancellationToken));
        return Array.ConvertAll(answer, value => (int)value == 1);
    }

    public async ValueTask<bool> CompleteAsync(TaskClaim claim, string result, CancellationToken cancellationToken) =>
        await _settlements.CallAsync(new Settlement("c", claim, result, 0), cancellationToken) != 0;

    public async ValueTask<FailOutcome> FailAsync(TaskClaim claim, string error, TimeSpan? retryAfter, CancellationToken cancellationToken) =>
        (FailOutcome)await _settlements.CallAsync(
            new Settlement("f", claim, error, retryAfter is { } pause ? Milliseconds(pause) : -1), cancellationToken);

    public async ValueTask<bool> ReleaseAsync(TaskClaim claim, CancellationToken cancellationToken) =>
        await _settlements.CallAsync(new Settlement("g", claim, "", 0), cancellationToken) != 0;

    public async ValueTask<TaskRecord?> GetAsync(string taskId, CancellationToken cancellationToken) =>
        (await ReadAsync(taskId).WaitAsync(cancellationToken)).SingleOrDefault();

    public async ValueTask<TaskPage> ListAsync(TaskQuery query, CancellationToken cancellationToken)
    {
        var letter = query.State is { } wanted ? RedisTaskRecord.Letter(wanted) : "";
        RedisValue time = query.After is { } before ? before.At : "";
        RedisValue last = query.After is { } after ? after.Id : "";
        var page = (RedisResult[])(await EvaluateAsync(RedisTaskScripts.List, letter, query.Limit, time, last).WaitAsync(cancellationToken))!;

        // Between the two looks a task may have changed state, or been purged.
        var tasks = await ReadListedAsync(Values(page[0]), query.MaxResultBytes).WaitAsync(cancellationToken);
        return new TaskPage(
            [.. tasks.Where(task => query.State is null || task.State == query.State)],
            (string?)page[2] is { Length: > 0 } next ? new PageCursor((long)page[1], next) : null);
    }

    public async ValueTask<TaskChange> CancelAsync(string taskId, CancellationToken cancellationToken) =>
        Change(await EvaluateAsync(RedisTaskScripts.Cancel, taskId).WaitAsync(cancellationToken));

    public async ValueTask<TaskChange> RetryAsync(string taskId, CancellationToken cancellationToken) =>
        Change(await EvaluateAsync(RedisTaskScripts.Retry, taskId).WaitAsync(cancellationToken));

    public async ValueTask<IReadOnlyList<TaskCount>> CountAsync(CancellationToken cancellationToken)
    {
        var counts = await _redis.CallAsync(database => database.HashGetAllAsync(_keys.Counts)).WaitAsync(cancellationToken);
        return [.. counts
            .Where(entry => entry.Value != 0)
            .Select(entry => (Field: entry.Name.ToString(), Count: (long)entry.Value))
            .Select(entry => new TaskCount(RedisTaskRecord.Text(entry.Field[1..]), RedisTaskRecord.State(entry.Field[0]), entry.Count))];
    }

    public async ValueTask<int> PurgeAsync(CancellationToken cancellationToken)
    {
        const int AtOnce = 500;
        var forgotten = 0;
        for (var round = 0; round < 20; round++)
        {
            var answer = Values(await EvaluateAsync(
                RedisTaskScripts.Purge,
                Milliseconds(TimeSpan.FromHours(_options.RetentionHours)),
                Milliseconds(TimeSpan.FromHours(_options.DeadRetentionHours)),
                AtOnce).WaitAsync(cancellationToken));
            forgotten += (int)answer[0];
            if ((int)answer[1] == 0)
            {
                break;
            }
        }

        return forgotten;
    }

    public IDisposable OnWork(Action wake) => _redis.Subscribe(_keys.Wake, wake);

    public async ValueTask PingAsync(CancellationToken cancellationToken) => await _redis.PingAsync(cancellationToken);

    internal static TimeSpan? Due(RedisValue milliseconds) =>
        (long)milliseconds < 0 ? null : TimeSpan.FromMilliseconds((long)milliseconds);

    // Rounded up: a deadline never comes early.
    internal static long Milliseconds(TimeSpan time) => (long)Math.Ceiling(time.TotalMilliseconds);

    internal static RedisValue[] Values(RedisResult answer) => (RedisValue[]?)answer ?? [];

    /// <summary>The tasks of these ids; purged ones are left out.</summary>
    internal async Task<IReadOnlyList<TaskRecord>> ReadAsync(params string[] ids)
    {
        List<TaskRecord> tasks = [];
        foreach (var some in ids.Chunk(ReadAtOnce))
        {
            var answer = Values(await EvaluateAsync(RedisTaskScripts.Get, Array.ConvertAll(some, id => (RedisValue)id)));
            for (var i = 0; i < some.Length; i++)
            {
                if (RedisTaskRecord.Read(some[i], answer[i], answer[i + some.Length], answer[i + (2 * some.Length)], answer[i + (3 * some.Length)]) is { } task)
                {
                    tasks.Add(task);
                }
            }
        }

        return tasks;
    }

    private async Task<IReadOnlyList<TaskRecord>> ReadListedAsync(RedisValue[] ids, int maxResultBytes)
    {
        List<TaskRecord> tasks = [];
        foreach (var some in ids.Chunk(BriefAtOnce))
        {
            var answer = Values(await EvaluateAsync(RedisTaskScripts.Brief, [maxResultBytes, .. some]));
            for (var i = 0; i < some.Length; i++)
            {
                var at = i * 4;
                if (RedisTaskRecord.Read(some[i].ToString(), answer[at], answer[at + 1], answer[at + 2], answer[at + 3]) is { } task)
                {
                    tasks.Add(task);
                }
            }
        }

        return tasks;
    }

    private static TaskChange Change(RedisResult answer) => (int)answer switch
    {
        1 => TaskChange.Done,
        0 => TaskChange.Refused,
        _ => TaskChange.Unknown,
    };

    private async Task<string[]> EnqueueTogetherAsync(IReadOnlyList<(string Id, TaskSpecification Spec)> tasks)
    {
        var arguments = new RedisValue[2 + (tasks.Count * 7)];
        arguments[0] = _options.MaxPending;
        arguments[1] = _options.MaxStoredBytes;
        for (var i = 0; i < tasks.Count; i++)
        {
            var (id, spec) = tasks[i];
            var at = 2 + (i * 7);
            arguments[at] = id;
            arguments[at + 1] = RedisTaskRecord.Word(spec.Type);
            arguments[at + 2] = TaskJson.Write(spec);
            arguments[at + 3] = spec.MaxAttempts;
            arguments[at + 4] = spec.RunAt is { } due ? due.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) : "";
            arguments[at + 5] = spec.IdempotencyKey is { } key ? $"{spec.Tenant} {key}" : "";
            arguments[at + 6] = spec.Callback is null ? "0" : "1";
        }

        return Array.ConvertAll(Values(await EvaluateAsync(RedisTaskScripts.Enqueue, arguments)), value => value.ToString());
    }

    private async Task<int[]> SettleTogetherAsync(IReadOnlyList<Settlement> settlements)
    {
        var arguments = new RedisValue[settlements.Count * 5];
        for (var i = 0; i < settlements.Count; i++)
        {
            var (kind, claim, text, pause) = settlements[i];
            var at = i * 5;
            arguments[at] = kind;
            arguments[at + 1] = claim.TaskId;
            arguments[at + 2] = claim.Fence;
            arguments[at + 3] = text;
            arguments[at + 4] = pause;
        }

        return Array.ConvertAll(Values(await EvaluateAsync(RedisTaskScripts.Settle, arguments)), value => (int)value);
    }

    private Task<RedisResult> EvaluateAsync(RedisScript script, params RedisValue[] arguments) =>
        _redis.EvaluateAsync(script, _keys.Root, arguments);

    private readonly record struct Settlement(string Kind, TaskClaim Claim, string Text, long PauseMilliseconds);
}
