using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>
/// The keys of the runners. Every key begins with <c>{prefix}:runners:1:</c>: the braces make it one slot of a Redis
/// Cluster, the 1 is the layout's version. Times are Redis' own, in Unix milliseconds.
/// <code>
/// runner:ID             hash         one runner: template, engine, state (0 creating, 1 idle, 2 leased, 3 removing), fence,
///                                    kind and owner (0 session, 1 machine, 2 task, 3 unknown; the owner's id), expires,
///                                    contact, made, idle (since), token, network (0 bridge, 1 none), port, placement (JSON),
///                                    plan; what it has not is left out
/// fence                 string       the last fence given, to a runner or a leader; begins at the time
/// owners:TEMPLATE       hash         an owner's kind and id: the id of its runner
/// owned                 hash         template: how many are leased or made for owners, on every engine
/// engine:ENGINE         sorted set   ids of its runners by the fence of their making: oldest first
/// idle:ENGINE:TEMPLATE:PLAN  sorted set  ids of the pool by the fence of their last attach or return: longest idle first; those
///                                    of version 0.1 are in a set without PLAN
/// expiring:ENGINE       sorted set   ids of leased and creating runners by deadline, without those that never end
/// counts:ENGINE:TEMPLATE  hash       idle, refilling, creating, leased, removing: how many there are
/// ports:ENGINE          string       a bit for every port that a record names
/// port-users:ENGINE     hash         port: in how many records it is
/// leader:ENGINE         string       the term of the instance that keeps the engine's runners; ends by itself
/// changed:TEMPLATE      channel      an empty message whenever the counts of a template change
/// </code>
/// </summary>
internal sealed class RedisRunnerKeys(string prefix)
{
    private readonly string _root = $"{{{prefix}}}:runners:1:";

    /// <summary>What every script gets as its first key.</summary>
    public RedisKey Root => _root;

    public RedisKey Leader(string instance) => _root + "leader:" + instance;

    public RedisKey Counts(string instance, string template) => _root + "counts:" + instance + ":" + template;

    public string Changed(string template) => _root + "changed:" + template;
}
