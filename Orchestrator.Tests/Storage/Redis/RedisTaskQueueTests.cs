using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Tasks;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>The contract on Redis.</summary>
public sealed class RedisTaskQueueTests() : RedisTaskQueueContract(RedisServer.Redis);

/// <summary>The contract of every queue, and what a server of its own adds: it dies, hangs and forgets scripts.</summary>
public abstract class RedisTaskQueueContract(string program) : TaskQueueContract
{
    private RedisServer _server = null!;
    private RedisConnection _redis = null!;

    protected override async ValueTask<(ITaskQueue Queue, ICallbackOutbox Outbox)> OpenAsync(TasksOptions options)
    {
        _server = await RedisServer.StartNewAsync(program);
        _redis = HostlessRedis.Open(_server.ConnectionString, new RedisOptions { CallTimeoutSeconds = 2 });
        var queue = new RedisTaskQueue(_redis, options);
        return (queue, new RedisCallbackOutbox(_redis, queue));
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    protected override Task PassAsync(TimeSpan time) => RedisServer.LetPassAsync(time);

    [Fact]
    [Fault("redis-restarted", "store", "Redis is killed and restarted", "no acknowledged write is lost; everything recovers without intervention")]
    public async Task Redis_KilledAndStartedAgain_LosesNothingAndAllRecovers()
    {
        await AddAsync();
        var woken = new TaskCompletionSource();
        _server.Kill();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => AddAsync());
        using var subscription = Queue.OnWork(() => woken.TrySetResult());
        await _server.StartAsync();
        woken = new TaskCompletionSource();

        await EventuallyAsync(async () => Assert.Single(await ClaimAsync()));
        await EventuallyAsync(async () =>
        {
            woken = new TaskCompletionSource();
            await AddAsync();
            await woken.Task.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel);
        });
    }

    [Fact]
    [Fault("redis-paused", "store", "Redis is paused with its connections open", "unavailable in bounded time; recovers")]
    public async Task Redis_PausedWithOpenConnections_IsUnavailableInTimeAndRecovers()
    {
        await AddAsync();
        _server.Pause();

        // The last one comes when all of the others were given up.
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => FailsInTimeAsync()));
        await FailsInTimeAsync();

        _server.Continue();

        await EventuallyAsync(async () => Assert.Single(await ClaimAsync()));

        Task FailsInTimeAsync() =>
            Assert.ThrowsAsync<StoreUnavailableException>(() => Queue.PingAsync(Cancel).AsTask()).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Fact]
    public async Task Redis_NotThereAtTheStart_IsUsedOnceItIs()
    {
        _server.Kill();
        await using var redis = HostlessRedis.Open(_server.ConnectionString, new RedisOptions { CallTimeoutSeconds = 1 });
        var queue = new RedisTaskQueue(redis, Options);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => queue.EnqueueAsync(Spec(), Cancel).AsTask());

        await _server.StartAsync();

        await EventuallyAsync(() => queue.EnqueueAsync(Spec(), Cancel).AsTask());
    }

    [Fact]
    public async Task Scripts_FlushedFromTheServer_AreSentAgain()
    {
        await AddAsync();
        await _redis.CallAsync(database => database.ExecuteAsync("SCRIPT", "FLUSH"));

        await AddAsync();

        Assert.Equal(2, (await ClaimAsync(5)).Count);
    }

    private static async Task EventuallyAsync(Func<Task> attempt)
    {
        for (var until = DateTime.UtcNow.AddSeconds(20); ;)
        {
            try
            {
                await attempt();
                return;
            }
            catch (Exception e) when (e is StoreUnavailableException or TimeoutException or Xunit.Sdk.SingleException && DateTime.UtcNow < until)
            {
                await Pace.PauseAsync(100, Cancel);
            }
        }
    }
}
