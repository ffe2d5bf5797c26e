using System.Globalization;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Runners;

/// <summary>
/// The lock on Redis or Valkey: a key that holds the term and expires by the server's clock. Every script of the leader's
/// store compares it first, in the same step as the change.
/// </summary>
internal sealed class RedisMaintenanceLock(RedisConnection redis, RedisRunnerStore store) : IMaintenanceLock
{
    private readonly RedisKey[] _root = [new RedisRunnerKeys(redis.KeyPrefix).Root];

    public async ValueTask<MaintenanceTerm?> HoldAsync(
        string instance, MaintenanceTerm? held, TimeSpan time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var term = (long)await redis.EvaluateAsync(
            RedisRunnerScripts.Lead, _root,
            [instance, held?.Number.ToString(CultureInfo.InvariantCulture) ?? "", RedisRunnerRecord.Write(time)]);
        return term == 0 ? null
            : term == held?.Number ? held
            : new MaintenanceTerm(instance, term, true, store.Under(instance, term));
    }

    public async ValueTask ReleaseAsync(MaintenanceTerm term, CancellationToken cancellationToken) =>
        await redis.EvaluateAsync(RedisRunnerScripts.Resign, _root, [term.Instance, term.Number]).WaitAsync(cancellationToken);
}
