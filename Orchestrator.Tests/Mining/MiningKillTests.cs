using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Mining;

/// <summary>10,000 submissions by 32 clients at once, and kill -9 in the middle: the audit agrees with what was sent.</summary>
public sealed class MiningKillTests : IDisposable
{
    private const int Clients = 32;
    private const int Submissions = 10_000;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kill_EmbeddedProcessUnderLoad_AuditAgreesWithWhatWasSent()
    {
        var worker = await ServerProgram.StartEmbeddedAsync(_folder.Path);
        var first = worker;
        try
        {
            var load = new MiningLoad(Clients, Submissions);
            var running = load.RunAsync(_ => Volatile.Read(ref worker).Pod);
            for (var kill = 1; kill <= 2; kill++)
            {
                await ReachAsync(load, running, kill * Submissions / 3);
                worker.Kill();
                Volatile.Write(ref worker, await ServerProgram.StartEmbeddedAsync(_folder.Path));
            }

            await running;
            Assert.Equal(Submissions / Clients * Clients, load.Answered);
            Assert.InRange(load.Refused, 500, 2_000);
            await load.CheckAsync(worker.Pod);
        }
        finally
        {
            await first.DisposeAsync();
            await worker.DisposeAsync();
        }
    }

    [Fact]
    [Fault("miner-killed", "worker", "a worker and Redis are killed during submissions", "the ledger agrees with the answers")]
    public async Task Kill_OneOfTwoWorkersAndRedisUnderLoad_AuditsOfBothAgreeWithWhatWasSent()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var one = await ServerProgram.StartWorkerAsync(redis.ConnectionString);
        await using var killed = await ServerProgram.StartWorkerAsync(redis.ConnectionString);
        var two = killed;
        try
        {
            var load = new MiningLoad(Clients, Submissions);
            var running = load.RunAsync(client => client % 2 == 0 ? one.Pod : Volatile.Read(ref two).Pod);
            await ReachAsync(load, running, Submissions / 3);
            killed.Kill();
            Volatile.Write(ref two, await ServerProgram.StartWorkerAsync(redis.ConnectionString));
            await ReachAsync(load, running, 2 * Submissions / 3);
            redis.Kill();
            await redis.StartAsync();

            await running;
            await load.CheckAsync(one.Pod);
            await load.CheckAsync(two.Pod);
        }
        finally
        {
            await two.DisposeAsync();
        }
    }

    private static async Task ReachAsync(MiningLoad load, Task running, int answered)
    {
        while (load.Answered < answered)
        {
            if (running.IsCompleted)
            {
                await running;
            }

            await Pace.PauseAsync(5, Cancel);
        }
    }
}
