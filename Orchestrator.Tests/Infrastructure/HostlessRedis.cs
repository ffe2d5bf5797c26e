using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Storage.Redis;
using StackExchange.Redis;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>The stores' connection without a host around it, over a client that is set up as the hosts' is.</summary>
internal static class HostlessRedis
{
    /// <summary>A connection of its own to a server.</summary>
    public static RedisConnection Open(string server, RedisOptions options) => new(
        () =>
        {
            var client = ConfigurationOptions.Parse(server);
            RedisClient.Configure(client, options);
            return ConnectionMultiplexer.Connect(client);
        },
        options, NullLogger<RedisConnection>.Instance);
}
