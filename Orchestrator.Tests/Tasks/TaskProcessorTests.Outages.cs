using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

// The queue throws what no contract names, and the worker lives on.
public sealed partial class TaskProcessorTests
{
    public static TheoryData<Exception> Failures =>
    [
        new StoreUnavailableException("away"),
        new InvalidOperationException("WRONGTYPE"),
        new OperationCanceledException("not by us"),
        new TimeoutException(),
        new FormatException(),
    ];

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task Queue_ThrowsAnything_WorkerLivesOnAndSaysSoOnce(Exception failure)
    {
        var (fails, refused) = (true, 0);
        using var log = new HeardLog();
        Obstruct(_ =>
        {
            if (!Volatile.Read(ref fails))
            {
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref refused);
            throw failure;
        });
        var processor = await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")), loggers: log);
        await PassUntilAsync(() => Task.FromResult(Volatile.Read(ref refused) > 5));
        Assert.False(processor.ExecuteTask!.IsCompleted, "The worker ended.");
        Assert.Single(log.Heard, line => line.Contains("Task claims interrupted", StringComparison.Ordinal));

        Volatile.Write(ref fails, false);
        var id = await AddAsync("quick");
        await PassUntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Complete);
        Assert.Single(log.Heard, line => line.Contains("Task claims resumed", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task Queue_ThrowsAnythingAtAnEnd_ResultIsWrittenLater(Exception failure)
    {
        var refused = 0;
        Obstruct(call => call == nameof(ITaskQueue.CompleteAsync) && Interlocked.Increment(ref refused) <= 3
            ? throw failure
            : Task.CompletedTask);
        await StartAsync(new FakeHandler("quick", (_, context) => Task.FromResult($"{context.Attempt}")));
        var id = await AddAsync("quick", maxAttempts: 1);

        await PassUntilAsync(async () => (await GetAsync(id)).State is not (TaskPhase.Pending or TaskPhase.Running));

        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Complete, 1, "1"), (task.State, task.Attempts, task.Result));
    }

    [Fact]
    public async Task Queue_RefusesAResultForGood_TaskFailsWithTheReason()
    {
        Obstruct(call => call == nameof(ITaskQueue.CompleteAsync) ? throw new InvalidOperationException("too odd") : Task.CompletedTask);
        await StartAsync(new FakeHandler("odd", (_, _) => Task.FromResult("1")));
        var id = await AddAsync("odd", maxAttempts: 1);

        await PassUntilAsync(async () => (await GetAsync(id)).State == TaskPhase.Failed);

        Assert.Contains("too odd", (await GetAsync(id)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_OddAfterALongOutage_ResultIsWrittenLater()
    {
        var (began, odd) = (_clock.GetTimestamp(), 0);
        Obstruct(call => call != nameof(ITaskQueue.CompleteAsync) ? Task.CompletedTask
            : _clock.GetElapsedTime(began) < TimeSpan.FromMinutes(2) ? throw new StoreUnavailableException("away")
            : Interlocked.Increment(ref odd) == 1 ? throw new InvalidOperationException("odd")
            : Task.CompletedTask);
        await StartAsync(new FakeHandler("quick", (_, _) => Task.FromResult("1")));
        var id = await AddAsync("quick", maxAttempts: 1);

        await PassUntilAsync(async () => (await GetAsync(id)).State is not (TaskPhase.Pending or TaskPhase.Running));

        Assert.Equal((TaskPhase.Complete, "1"), ((await GetAsync(id)).State, (await GetAsync(id)).Result));
    }
}
