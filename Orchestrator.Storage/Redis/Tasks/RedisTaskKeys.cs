using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Tasks;

/// <summary>
/// The keys of the tasks. Every key begins with <c>{prefix}:tasks:4:</c>: the braces make it one slot of a Redis
/// Cluster, the 4 is the layout's version. A task's data is in a few hashes by its id, so that a batch of
/// tasks takes as many commands as one does.
/// <code>
/// heads      hash         by id, nine parts with a space between, "-" for none:
///                           state (p pending, r running, c complete, f failed, x cancelled), fence (grows with every
///                           claim), attempts begun, 1 when the end is reported (else 0), type, made at, last attempt's
///                           start, its worker, ended at (times by Redis' clock, in ms); then a complete task's
///                           result where that is short
/// specs      hash         by id: attempts allowed, and the specification as JSON, with its tenant
/// results    hash         by id: the result of a complete task where that is long
/// errors     hash         by id: the error of the last failed attempt
/// pending    list         ids, the next one first
/// delayed    sorted set   ids by the time when they may begin
/// leases     sorted set   ids of running tasks by the time when their claim expires
/// complete   list         ids, the one that ended last at the end
/// failed, cancelled   sorted sets   ids by the time when they ended
/// outbox     sorted set   ids of ended tasks whose end is to be reported, by the time of the next attempt
/// tellings   hash         by id: attempts to report its end
/// ids        hash         by tenant and idempotency key, with a space between: the id of its task, for as long as that
///                         task is kept
/// keyed      hash         by id: its tenant and idempotency key, with a space between
/// made       sorted set   every id by the time when it was made
/// counts     hash         state letter and type: how many tasks
/// bytes      number       of the specifications, of complete tasks' results and of failed ones' errors
/// wake       channel      an empty message whenever there may be work
/// </code>
/// The keys of version 0.1 in layout 3 are migrated (<see cref="Layout.RedisLayout"/>).
/// </summary>
internal sealed class RedisTaskKeys(string prefix)
{
    private readonly string _root = $"{{{prefix}}}:tasks:4:";

    /// <summary>The one key of every script.</summary>
    public RedisKey[] Root => [_root];

    public RedisKey Counts => _root + "counts";

    public string Wake => _root + "wake";
}
