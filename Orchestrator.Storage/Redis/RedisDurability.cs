using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>
/// Whether the server keeps acknowledged data: under an eviction policy it drops keys when its memory is full, and without
/// an append-only file a restart loses them all.
/// </summary>
public sealed partial class RedisDurability
{
    private readonly RedisConnection _redis;
    private readonly ILogger<RedisDurability> _logger;

    /// <param name="redis">The connection to ask over.</param>
    /// <param name="logger">Receives a warning once after each connect.</param>
    public RedisDurability(RedisConnection redis, ILogger<RedisDurability> logger)
    {
        ArgumentNullException.ThrowIfNull(redis);
        (_redis, _logger) = (redis, logger);
        redis.Connected += () => _ = WarnAsync();
    }

    /// <summary>Asks the server; returns its deficiencies as sentences for the operator, or null when there are none.</summary>
    /// <exception cref="StoreUnavailableException">It did not answer.</exception>
    public async Task<string?> FindLackAsync(CancellationToken cancellationToken)
    {
        try
        {
            var policy = await ReadAsync("memory", "maxmemory_policy", cancellationToken);
            var log = await ReadAsync("persistence", "aof_enabled", cancellationToken);
            var lacks = string.Join(' ', ((string?[])
            [
                policy is "noeviction" ? null : $"Redis drops tasks and leases when its memory is full: maxmemory-policy is {policy ?? "unknown"}, not noeviction.",
                log is "1" ? null : "Redis forgets tasks and leases when it is restarted: it has no append-only file (appendonly yes).",
            ]).OfType<string>());
            return lacks.Length == 0 ? null : lacks;
        }
        catch (StoreUnavailableException e) when (e.InnerException is RedisServerException error && error.IsForbidden())
        {
            return "Whether Redis keeps tasks and leases is not known: this user may not ask it (INFO).";
        }
    }

    private async Task<string?> ReadAsync(string section, string field, CancellationToken cancellationToken)
    {
        // Lines of the form "field:value", https://redis.io/docs/latest/commands/info/.
        var info = (string?)await _redis.CallAsync(database => database.ExecuteAsync("INFO", section)).WaitAsync(cancellationToken);
        return info?.Split('\n').FirstOrDefault(line => line.StartsWith($"{field}:", StringComparison.Ordinal))?[(field.Length + 1)..].Trim();
    }

    private async Task WarnAsync()
    {
        try
        {
            if (await FindLackAsync(CancellationToken.None) is { } lack)
            {
                LogLack(_logger, lack);
            }
        }
        catch (StoreUnavailableException)
        {
            // Lost again; the next connect asks again.
        }
    }

    [LoggerMessage(1125, LogLevel.Warning, "{Lack}")]
    private static partial void LogLack(ILogger logger, string lack);
}
