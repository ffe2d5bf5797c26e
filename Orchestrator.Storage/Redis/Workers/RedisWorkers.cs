using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Workers;

/// <summary>
/// The list of workers, on Redis or Valkey: each reports its status every few seconds, and one that has been silent for
/// fifteen counts as gone. For display only; no work depends on it.
/// </summary>
/// <remarks>
/// Every key begins with <c>{prefix}:workers:1:</c>.
/// <code>
/// seen   sorted set   workers by the time of their last report (Redis' clock, ms)
/// told   hash         worker: its last report, as JSON
/// </code>
/// Calls throw <see cref="StoreUnavailableException"/> when Redis is unreachable.
/// </remarks>
public sealed class RedisWorkers(RedisConnection redis)
{
    private const int Most = 1_000;
    private const int SilentMilliseconds = 15_000;

    // Longer than a silent worker counts as present, so that clocks and pauses never make it flicker.
    private const int KeptMilliseconds = 60_000;

    private static readonly RedisScript Tell = new("Workers", "tell");
    private static readonly RedisScript List = new("Workers", "list");
    private static readonly RedisScript Forget = new("Workers", "forget");

    private readonly RedisKey[] _root = [$"{{{redis.KeyPrefix}}}:workers:1:"];

    /// <summary>Reports that a worker is present, and its status.</summary>
    public Task TellAsync(WorkerStatus status, CancellationToken cancellationToken) => redis.EvaluateAsync(
        Tell, _root, [status.Id, JsonSerializer.SerializeToUtf8Bytes(status, WorkerJson.Default.WorkerStatus), KeptMilliseconds]).WaitAsync(cancellationToken);

    /// <summary>Reports that a worker has ended.</summary>
    public Task ForgetAsync(string id, CancellationToken cancellationToken) =>
        redis.EvaluateAsync(Forget, _root, [id]).WaitAsync(cancellationToken);

    /// <summary>The workers present, a thousand at most, by name.</summary>
    public async Task<IReadOnlyList<WorkerStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var reports = (RedisValue[])(await redis.EvaluateAsync(List, _root, [SilentMilliseconds, Most]).WaitAsync(cancellationToken))!;
        return
        [
            .. reports.Where(one => !one.IsNull)
                .Select(one => JsonSerializer.Deserialize((byte[])one!, WorkerJson.Default.WorkerStatus)!)
                .OrderBy(worker => worker.Id, StringComparer.Ordinal),
        ];
    }
}

[JsonSerializable(typeof(WorkerStatus))]
internal sealed partial class WorkerJson : JsonSerializerContext;
