using System.Text.Json.Serialization;
using Orchestrator.Core.Tasks.Processing;

namespace Orchestrator.Api.Overview;

/// <summary>The whole system at a glance, as the page shows it. Values that depend on a part that is down are null.</summary>
/// <param name="Now">This instance's time, to compare deadlines with.</param>
/// <param name="Instance">The instance that answers.</param>
/// <param name="Version">The product's version.</param>
/// <param name="Mode"><c>embedded</c>: one process; <c>distributed</c>: instances and workers share Redis or Valkey.</param>
/// <param name="Health">The state of every part.</param>
/// <param name="Pools">The counts of every pool.</param>
/// <param name="Tasks">The number of tasks by type and state; zeros may be left out.</param>
/// <param name="Workers">The active workers.</param>
/// <param name="Mining">The ledger of shares in figures.</param>
/// <param name="Links">The addresses of other views.</param>
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

/// <summary>The state of every part.</summary>
internal sealed record HealthEntries(PartEntry Engine, PartEntry Store, PartEntry Queue, PartEntry Workers, PartEntry Ledger);

/// <summary>The state of a part.</summary>
/// <param name="State"><c>up</c>, <c>down</c> or <c>unknown</c>.</param>
/// <param name="Kind">Its kind: <c>docker</c>, <c>process</c>, <c>sqlite</c>, <c>redis</c>; left out where it has none.</param>
/// <param name="Isolated">For the engine: whether its runners are isolated.</param>
/// <param name="Durable">For a store on Redis: whether acknowledged writes are durable.</param>
internal sealed record PartEntry(
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kind = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Isolated = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Durable = null);

/// <summary>The counts of a template's pool.</summary>
/// <param name="Template">The template: <c>session</c>, <c>machine</c>, or one of the operator's.</param>
/// <param name="Idle">How many are ready and have no owner.</param>
/// <param name="Creating">How many are being created, for the pool or an owner.</param>
/// <param name="Leased">How many have an owner.</param>
/// <param name="Removing">How many are being removed.</param>
/// <param name="MinIdle">The fewest idle ones to keep.</param>
/// <param name="MaxIdle">The most idle ones to keep.</param>
/// <param name="MaxLeased">The most that may be leased at a time; null for no limit.</param>
/// <param name="LeaseSeconds">How long a lease lives after its last heartbeat; null for no expiry.</param>
internal sealed record PoolEntry(
    string Template, int Idle, int Creating, int Leased, int Removing, int MinIdle, int MaxIdle, int? MaxLeased, double? LeaseSeconds);

/// <summary>The number of tasks of a type in a state.</summary>
internal sealed record TaskCountEntry(string Type, string State, long Count);

/// <summary>The ledger of shares in figures.</summary>
/// <param name="Round">The newest round with a submission.</param>
/// <param name="TargetDifficulty">The least difficulty of a valid share.</param>
/// <param name="HashRate">Hashes a second of all workers together, over the last minute; null when the workers are unknown.</param>
/// <param name="ValidShares">Valid shares of all rounds.</param>
/// <param name="InvalidShares">Invalid shares of all rounds.</param>
/// <param name="RoundValidShares">Valid shares of the newest round.</param>
/// <param name="RoundInvalidShares">Invalid shares of the newest round.</param>
/// <param name="UniqueWorkers">The number of workers that submitted a share.</param>
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

/// <summary>One of the newest shares.</summary>
internal sealed record RecentShareEntry(
    string SubmissionId, string WorkerId, long RoundNumber, double Difficulty, string Hash, bool Valid, DateTimeOffset Timestamp);
