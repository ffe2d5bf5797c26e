using System.Text.Json.Serialization;
using Orchestrator.Core.Tasks.Processing;

namespace Orchestrator.Api.Overview;

/// <summary>The whole system at a glance, as the page shows it. What can't be told while a part is down is null.</summary>
/// <param name="Now">This instance's time, which deadlines are compared with.</param>
/// <param name="Instance">The instance that answers.</param>
/// <param name="Version">The product's version.</param>
/// <param name="Mode"><c>embedded</c>: one process; <c>distributed</c>: what instances and workers share is in Redis or Valkey.</param>
/// <param name="Health">How every part is.</param>
/// <param name="Pools">How full the pools are.</param>
/// <param name="Tasks">How many tasks there are, by type and state; what is zero may be left out.</param>
/// <param name="Workers">The workers that are there.</param>
/// <param name="Mining">The ledger of shares in figures.</param>
/// <param name="Links">Where else to look.</param>
internal sealed record OverviewResponse(
    DateTimeOffset Now,
    string Instance,
    string Version,
    string Mode,
    HealthEntries Health,
    IReadOnlyList<PoolEntry>? Pools,
    IReadOnlyList<TaskCountEntry>? Tasks,
    IReadOnlyList<WorkerStatus>? Workers,
    MiningEntry? Mining,
    PageLinks Links);

/// <summary>How every part is.</summary>
internal sealed record HealthEntries(PartEntry Engine, PartEntry Store, PartEntry Queue, PartEntry Workers, PartEntry Ledger);

/// <summary>How a part is.</summary>
/// <param name="State"><c>up</c>, <c>down</c> or <c>unknown</c>.</param>
/// <param name="Kind">What it is: <c>docker</c>, <c>process</c>, <c>sqlite</c>, <c>redis</c>; left out where that says nothing.</param>
/// <param name="Isolated">Of the engine: whether its runners are isolated.</param>
/// <param name="Durable">Of a store on Redis: whether it keeps what it acknowledged.</param>
internal sealed record PartEntry(
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kind = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Isolated = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Durable = null);

/// <summary>How full a template's pool is.</summary>
/// <param name="Template">The template: <c>session</c>, <c>machine</c>, or one of the operator's.</param>
/// <param name="Idle">How many are ready and nobody's.</param>
/// <param name="Creating">How many are being made, for the pool or an owner.</param>
/// <param name="Leased">How many are somebody's.</param>
/// <param name="Removing">How many are being removed.</param>
/// <param name="MinIdle">How many idle ones are kept at least.</param>
/// <param name="MaxIdle">How many idle ones are kept at most.</param>
/// <param name="MaxLeased">How many may be somebody's at a time; null for no limit.</param>
/// <param name="LeaseSeconds">How long a lease lives after its last sign of life; null for ever.</param>
internal sealed record PoolEntry(
    string Template, int Idle, int Creating, int Leased, int Removing, int MinIdle, int MaxIdle, int? MaxLeased, double? LeaseSeconds);

/// <summary>How many tasks of a type are in a state.</summary>
internal sealed record TaskCountEntry(string Type, string State, long Count);

/// <summary>The ledger of shares in figures.</summary>
/// <param name="Round">The newest round submitted to.</param>
/// <param name="TargetDifficulty">The difficulty that shares need at least.</param>
/// <param name="HashRate">Hashes a second over the last minute of all workers together; null when they are not known.</param>
/// <param name="ValidShares">Valid shares of all rounds.</param>
/// <param name="InvalidShares">Invalid shares of all rounds.</param>
/// <param name="RoundValidShares">Valid shares of the newest round.</param>
/// <param name="RoundInvalidShares">Invalid shares of the newest round.</param>
/// <param name="UniqueWorkers">How many workers submitted one.</param>
/// <param name="RecentShares">The newest ten, newest first.</param>
internal sealed record MiningEntry(
    long Round,
    double TargetDifficulty,
    double? HashRate,
    long ValidShares,
    long InvalidShares,
    long RoundValidShares,
    long RoundInvalidShares,
    long UniqueWorkers,
    IReadOnlyList<RecentShareEntry> RecentShares);

/// <summary>A share of the newest.</summary>
internal sealed record RecentShareEntry(
    string SubmissionId, string WorkerId, long RoundNumber, double Difficulty, string Hash, bool Valid, DateTimeOffset Timestamp);
