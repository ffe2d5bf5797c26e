namespace Orchestrator.Core.Tasks.Processing;

/// <summary>A worker's report of itself.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Slots">How many tasks it runs at a time.</param>
/// <param name="Busy">How many it runs now.</param>
/// <param name="Working">Whether it accepts work.</param>
/// <param name="HashRate">Hashes a second over the last minute.</param>
public sealed record WorkerStatus(string Id, int Slots, int Busy, bool Working, double HashRate);
