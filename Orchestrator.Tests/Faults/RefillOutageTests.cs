using Orchestrator.Core.Stores;
using Orchestrator.Storage.Redis;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>An instance on a real Redis that is gone while its pool is being filled.</summary>
public sealed class RefillOutageTests
{
    private const int Pool = 2;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Fault("redis-gone-refill", "store", "Redis is gone during refills, and can't record that they failed", "the pool is full again once their reservations have expired; nothing else is left", "simulated")]
    public async Task Refill_RedisGoneMeanwhile_IsMadeGoodOnceItIsBack()
    {
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = HostlessRedis.Open(server.ConnectionString, new RedisOptions { CallTimeoutSeconds = 1 });
        var engine = new SimulatedEngine();
        var gone = new TaskCompletionSource();
        engine.Before = call => call == "start" ? gone.Task : Task.CompletedTask;
        await using var instance = new SharedInstance(engine, redis, options => options.MinIdle = Pool);
        await instance.StartAsync();
        await Eventually.TrueAsync(async () => await CountAsync() is { Refilling: Pool }, what: "A refill");

        server.Kill();
        gone.SetResult();
        await Eventually.TrueAsync(() => engine.Started == Pool);
        // Until the starts have been given up: each makes two calls, and has been at it for longer than they take.
        await Eventually.TrueAsync(() => !instance.Leadership.IsLeading, what: "The end of its term");
        for (var i = 0; i < 4; i++)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => instance.ListAsync());
        }

        await server.StartAsync();

        await Eventually.TrueAsync(
            async () => await CountAsync() is { Idle: Pool, Refilling: 0, Removing: 0 } && engine.Runners.Count == Pool, what: "A full pool");

        // Null while Redis is away.
        async Task<PoolCounts?> CountAsync()
        {
            try
            {
                return await instance.Store.CountAsync("test", instance.Session.Name, Cancel);
            }
            catch (StoreUnavailableException)
            {
                return null;
            }
        }
    }
}
