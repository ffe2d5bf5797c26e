using Orchestrator.Storage.Redis;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>A server that the tests of a class share; each of them has a prefix of its own, and so an empty store.</summary>
public abstract class SharedRedisServer(string program) : ComponentFixture
{
    private RedisServer? _server;
    private int _connections;

    protected override async ValueTask StartAsync() => _server = await RedisServer.StartNewAsync(program);

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    internal RedisConnection Connect(string? prefix = null)
    {
        Require();
        return HostlessRedis.Open(
            _server!.ConnectionString,
            new RedisOptions { KeyPrefix = prefix ?? $"test-{Interlocked.Increment(ref _connections)}", CallTimeoutSeconds = 20 });
    }
}
