using Orchestrator.Core.Engines;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Workers;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Api.Overview;

/// <summary>
/// Queries all parts in parallel, each within three seconds: a part that is down is reported as such and delays no other.
/// Read-only: not even the newest round counts as requested.
/// </summary>
internal sealed class OverviewReader(
    IRunnerEngine engine,
    IRunnerStore store,
    RunnerTemplates templates,
    ITaskQueue queue,
    IShareLedger ledger,
    MiningOptions mining,
    HashMeter meter,
    PageLinks links,
    ServiceIdentity identity,
    TimeProvider time,
    TaskProcessor? processor = null,
    RedisWorkers? sharedWorkers = null,
    RedisDurability? durability = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // A process without a task processor shares the queue with workers elsewhere.
    private string Mode => processor is null ? "distributed" : "embedded";

    private string StoreKind => processor is null ? "redis" : "sqlite";

    public async Task<OverviewResponse> ReadAsync(CancellationToken cancellationToken)
    {
        var alive = TryAsync(PingAsync, cancellationToken);
        var pools = TryAsync(CountPoolsAsync, cancellationToken);
        var tasks = TryAsync(CountTasksAsync, cancellationToken);
        var shares = TryAsync(CountSharesAsync, cancellationToken);
        var listed = TryAsync(ListWorkersAsync, cancellationToken);
        // An embedded store's durability is a setting.
        var durable = durability is null ? Task.FromResult<object?>(null) : TryAsync(AskDurabilityAsync, cancellationToken);
        await Task.WhenAll(alive, pools, tasks, shares, listed, durable);

        var workers = listed.Result;
        var health = new HealthEntries(
            new PartEntry(StateOf(alive.Result is not null), engine.Kind, engine.Capabilities.Isolated),
            new PartEntry(StateOf(pools.Result is not null), StoreKind, Durable: (bool?)durable.Result),
            new PartEntry(StateOf(tasks.Result is not null), StoreKind),
            // Unknown while the store that lists the workers is unreachable.
            new PartEntry(workers is null ? "unknown" : StateOf(workers.Any(worker => worker.Working))),
            new PartEntry(StateOf(shares.Result is not null), StoreKind));
        return new OverviewResponse(
            time.GetUtcNow(), identity.InstanceId, identity.Version, Mode, health, pools.Result, tasks.Result, workers,
            shares.Result is { } mined ? mined with { HashRate = workers?.Sum(worker => worker.HashRate) } : null, links);
    }

    private async Task<object> PingAsync(CancellationToken cancellationToken)
    {
        await engine.PingAsync(cancellationToken);
        return engine;
    }

    private async Task<object> AskDurabilityAsync(CancellationToken cancellationToken) =>
        await durability!.FindLackAsync(cancellationToken) is null;

    private async Task<IReadOnlyList<PoolEntry>> CountPoolsAsync(CancellationToken cancellationToken)
    {
        var pools = new List<PoolEntry>();
        foreach (var template in templates.All)
        {
            var counts = await store.CountAsync(engine.Instance, template.Name, cancellationToken);
            pools.Add(new PoolEntry(
                template.Name, counts.Idle, counts.Creating + counts.Refilling, counts.Leased, counts.Removing,
                template.MinIdle, template.MaxIdle, template.MaxLeased, template.LeaseTime?.TotalSeconds));
        }

        return pools;
    }

    private async Task<IReadOnlyList<TaskCountEntry>> CountTasksAsync(CancellationToken cancellationToken) =>
        [.. (await queue.CountAsync(cancellationToken)).Select(count => new TaskCountEntry(count.Type, TaskViews.NameOf(count.State), count.Count))];

    private async Task<MiningEntry> CountSharesAsync(CancellationToken cancellationToken)
    {
        var (totals, recent) = await ledger.AuditAsync(cancellationToken);
        var round = await ledger.CountRoundAsync(totals.NewestRound, cancellationToken);
        return new MiningEntry(
            totals.NewestRound,
            mining.TargetDifficulty,
            null,
            totals.Shares.Valid,
            totals.Shares.Invalid,
            round.Valid,
            round.Invalid,
            totals.UniqueWorkers,
            [.. recent.Select(Describe)]);
    }

    private async Task<IReadOnlyList<WorkerStatus>> ListWorkersAsync(CancellationToken cancellationToken) => processor is null
        ? await sharedWorkers!.ListAsync(cancellationToken)
        : [new WorkerStatus(identity.InstanceId, processor.Slots, processor.Busy, processor.IsWorking, Math.Round(meter.GetRate()))];

    private async Task<T?> TryAsync<T>(Func<CancellationToken, Task<T>> look, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            // Bounds the wait even for a part that ignores the token.
            return await look(patience.Token).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (e is EngineException or StoreUnavailableException or TimeoutException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static RecentShareEntry Describe(Share share) => new(
        share.Submission.SubmissionId, share.Submission.WorkerId, share.Submission.RoundNumber, share.Submission.Difficulty,
        share.Submission.Hash, share.Valid, share.Timestamp);

    private static string StateOf(bool up) => up ? "up" : "down";
}
