using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Workers;

/// <summary>
/// Which workers there are, on Redis or Valkey: each tells of itself every few seconds, and one that has been silent for
/// fifteen counts as gone. For people who watch; no work depends on it.
/// </summary>
/// <remarks>
/// Every key begins with <c>{prefix}:workers:1:</c>.
/// <code>
/// seen   sorted set   workers by when they last told of themselves (Redis' clock, ms)
/// told   hash         worker: what it told, as JSON
/// </code>
/// Calls throw <see cref="StoreUnavailableException"/> when Redis can't be reached.
/// </remarks>
public sealed class RedisWorkers(RedisConnection redis)
{
    private const int Most = 1_000;
    private const int SilentMilliseconds = 15_000;

    // Longer than it counts as there, so that clocks and pauses never make a worker flicker.
    private const int KeptMilliseconds = 60_000;

    private static readonly RedisScript Tell = new("Workers", "tell");
    private static readonly RedisScript List = new("Workers", "list");
    private static readonly RedisScript Forget = new("Workers", "forget");

    private readonly RedisKey[] _root = [$"{{{redis.KeyPrefix}}}:workers:1:"];

    /// <summary>Says that a worker is there, and how it is.</summary>
    public Task TellAsync(WorkerStatus status, CancellationToken cancellationToken) => redis.EvaluateAsync(
        Tell, _root, [status.Id, JsonSerializer.SerializeToUtf8Bytes(status, WorkerJson.Default.WorkerStatus), KeptMilliseconds]).WaitAsync(cancellationToken);

    /// <summary>Says that a worker has ended.</summary>
    public Task ForgetAsync(string id, CancellationToken cancellationToken) =>
        redis.EvaluateAsync(Forget, _root, [id]).WaitAsync(cancellationToken);

    /// <summary>The workers that are there, a thousand at most, by name.</summary>
    public async Task<IReadOnlyList<WorkerStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var told = (RedisValue[])(await redis.EvaluateAsync(List, _root, [SilentMilliseconds, Most]).WaitAsync(cancellationToken))!;
        return
        [
            .. told.Where(one => !one.IsNull)
                .Select(one => JsonSerializer.Deserialize((byte[])one!, WorkerJson.Default.WorkerStatus)!)
                .OrderBy(worker => worker.Id, StringComparer.Ordinal),
        ];
    }
}

[JsonSerializable(typeof(WorkerStatus))]
internal sealed partial class WorkerJson : JsonSerializerContext;
