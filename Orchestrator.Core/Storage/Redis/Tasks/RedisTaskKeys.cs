using StackExchange.Redis;

namespace Orchestrator.Core.Storage.Redis.Tasks;

/// <summary>
/// The keys of the tasks. Every key begins with <c>{prefix}:tasks:1:</c>: the braces make it one slot of a Redis
/// Cluster, the 1 is the layout's version.
/// <code>
/// task:ID    hash         one task:
///                           s state (p pending, r running, c complete, f failed, x cancelled)   y type   d spec, as JSON
///                           m tries allowed   a tries begun   f fence, grows with every claim   w worker of the last try
///                           c made at   b last try begun at   z ended at (Redis' clock, ms)     r result   e error
///                           k idempotency key   o 1 when the end is to be told   n tries to tell it
/// pending    list         ids, the next one first
/// delayed    sorted set   ids by the time when they may begin
/// leases     sorted set   ids of running tasks by the time when their claim runs out
/// complete, failed, cancelled   sorted sets   ids by the time when they ended
/// outbox     sorted set   ids of ended tasks whose end has to be told, by the time of the next try
/// key:KEY    string       the id of the task with that idempotency key, for as long as that task is kept
/// counts     hash         state letter and type: how many tasks
/// wake       channel      an empty message whenever there may be something to do
/// </code>
/// </summary>
internal sealed class RedisTaskKeys(string prefix)
{
    private readonly string _root = $"{{{prefix}}}:tasks:1:";

    /// <summary>What every script gets as its one key.</summary>
    public RedisKey[] Root => [_root];

    public RedisKey Task(string id) => _root + "task:" + id;

    public RedisKey Counts => _root + "counts";

    public string Wake => _root + "wake";
}
