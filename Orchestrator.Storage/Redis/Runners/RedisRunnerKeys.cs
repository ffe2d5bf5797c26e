using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>
/// The keys of the runners. Every key begins with <c>{prefix}:runners:2:</c>: the braces make it one slot of a Redis
/// Cluster, the 2 is the layout's version. Times are Redis' own, in Unix milliseconds.
/// <code>
/// runner:ID                 hash         one runner: template, instance, state (0 creating, 1 idle, 2 leased, 3 removing),
///                                        fence, its owner's tenant, kind (0 session, 1 machine, 2 task, 3 unknown) and id
///                                        (owner), expires, contact, made, idle (since), token, network (0 bridge, 1 none),
///                                        port, placement (JSON), plan; absent fields are left out
/// fence                     string       the last fence given, to a runner or a leader; begins at the time
/// owners:TENANT:TEMPLATE    hash         an owner's kind and id: the id of its runner
/// owned                     hash         template: how many are leased or made for owners, of every instance and tenant
/// instance:INSTANCE         sorted set   ids of its runners by the fence of their making: oldest first
/// idle:INSTANCE:TEMPLATE:PLAN  sorted set  ids of the pool by the fence of their last attach or release: longest idle first;
///                                        those of version 0.1 are in a set without PLAN
/// expiring:INSTANCE         sorted set   ids of leased and creating runners by deadline, without those that never end
/// counts:INSTANCE:TEMPLATE  hash         idle, refilling, creating, leased, removing: how many there are
/// ports:INSTANCE            string       a bit for every port that a record names
/// port-users:INSTANCE       hash         port: the number of records that name it
/// leader:INSTANCE           string       the term of the process that leads the instance; expires
/// changed:TEMPLATE          channel      an empty message whenever the counts of a template change
/// </code>
/// The keys of version 0.1 in layout 1 are migrated (<see cref="Layout.RedisLayout"/>).
/// </summary>
internal sealed class RedisRunnerKeys(string prefix)
{
    private readonly string _root = $"{{{prefix}}}:runners:2:";

    /// <summary>The first key of every script.</summary>
    public RedisKey Root => _root;

    public RedisKey Leader(string instance) => _root + "leader:" + instance;

    public RedisKey Counts(string instance, string template) => _root + "counts:" + instance + ":" + template;

    public string Changed(string template) => _root + "changed:" + template;
}
