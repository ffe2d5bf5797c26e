using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Storage.Redis.Workers;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Tests.Tasks;

public sealed class WorkerTellerTests
{
    [Fact]
    public async Task Store_RefusesWithAnyError_WorkerLivesOnAndReportsAgain()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (clock, options) = (new ManualTimeProvider(), new TasksOptions());
        using var log = new HeardLog();
        await using var server = await RedisServer.StartNewAsync();
        await using var redis = HostlessRedis.Open(server.ConnectionString, new RedisOptions());
        var workers = new RedisWorkers(redis);
        using var processor = new TaskProcessor(
            "worker", new RedisTaskQueue(redis, options), new TaskTypes([]), options, clock, new Random(1), NullLoggerFactory.Instance);
        using var teller = new WorkerTeller(
            workers, processor, new HashMeter(clock), new ServiceIdentity("worker", "worker-1", "1.0.0"), clock, log.CreateLogger<WorkerTeller>());
        var seen = $"{{{redis.KeyPrefix}}}:workers:1:seen";
        await redis.CallAsync(database => database.ExecuteAsync("SET", seen, "no sorted set"));

        await teller.StartAsync(cancel);
        await Eventually.TrueAsync(() => log.Heard.Any(line => line.StartsWith("Worker status interrupted", StringComparison.Ordinal)));
        Assert.False(teller.ExecuteTask!.IsCompleted, "It ended, and its process would with it.");

        await redis.CallAsync(database => database.ExecuteAsync("DEL", seen));
        await clock.AdvanceUntilAsync(() => log.Heard.Contains("Worker status resumed."), TimeSpan.FromSeconds(1));
        Assert.Equal("worker-1", Assert.Single(await workers.ListAsync(cancel)).Id);

        await teller.StopAsync(cancel);
        Assert.Empty(await workers.ListAsync(cancel));
    }
}
