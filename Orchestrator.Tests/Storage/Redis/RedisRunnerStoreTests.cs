using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>The contract on Redis.</summary>
public sealed class RedisRunnerStoreTests(RedisRunnerStoreTests.Server server)
    : RedisRunnerStoreContract(server), IClassFixture<RedisRunnerStoreTests.Server>
{
    public sealed class Server() : SharedRedisServer(RedisServer.Redis);
}
