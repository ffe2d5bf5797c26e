using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Layout;

/// <summary>
/// Migrates the keys of version 0.1 to this version's layout, once per process before its first call: each store in one
/// step, so that it has one layout at a time. Refuses while a process of the earlier version runs.
/// </summary>
internal sealed partial class RedisLayout(string prefix, ILogger logger)
{
    private static readonly RedisScript Runners = new("Layout", "runners");
    private static readonly RedisScript Tasks = new("Layout", "tasks");

    private readonly RedisKey[] _keys = [$"{{{prefix}}}:"];
    private volatile bool _known;

    private enum Outcome
    {
        None,
        Done,
        Both,
        Running,
    }

    /// <summary>Whether the keys have this version's layout.</summary>
    public bool IsKnown => _known;

    /// <summary>Migrates the old keys, if any; another process may do so at the same time.</summary>
    /// <param name="evaluate">Runs a script.</param>
    /// <exception cref="StoreUnavailableException">The migration can't be done now; the message says what to do.</exception>
    public async Task EnsureAsync(Func<RedisScript, RedisKey[], Task<RedisResult>> evaluate)
    {
        await EnsureAsync(evaluate, Runners, $"{{{prefix}}}:runners:1:");
        await EnsureAsync(evaluate, Tasks, $"{{{prefix}}}:tasks:3:");
        _known = true;
    }

    private async Task EnsureAsync(Func<RedisScript, RedisKey[], Task<RedisResult>> evaluate, RedisScript script, string old)
    {
        switch ((Outcome)(int)await evaluate(script, _keys))
        {
            case Outcome.Done:
                LogMigrated(script.Name, old);
                break;
            case Outcome.Both:
                throw new StoreUnavailableException(
                    $"Redis holds {script.Name} in two layouts: stop every process of version 0.1, then delete the keys that begin with '{old}'.");
            case Outcome.Running:
                throw new StoreUnavailableException(
                    $"Redis holds {script.Name} that a process of version 0.1 still keeps: stop every such process; its keys '{old}…' are migrated then.");
        }
    }

    [LoggerMessage(1124, LogLevel.Information, "Migrated the {Store} in Redis from the layout of version 0.1, keys {Old}…")]
    private partial void LogMigrated(string store, string old);
}
