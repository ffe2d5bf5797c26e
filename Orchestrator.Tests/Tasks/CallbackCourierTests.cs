using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>When a callback is tried again, and when no more: docs/contract/contract.md, section Pod, by the test's clock.</summary>
public sealed class CallbackCourierTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteTaskQueue _queue;
    private readonly ObservedOutbox _outbox;
    private readonly DeafReceiver _receiver = new();
    private CallbackCourier? _courier;

    public CallbackCourierTests()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        _queue = new SqliteTaskQueue(_database, new TasksOptions(), _clock);
        _outbox = new ObservedOutbox(new SqliteCallbackOutbox(_database, _queue), _clock);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Deliver_NobodyListens_AttemptsWithDoublingPausesForTenMinutes()
    {
        await EndATaskAsync();
        await StartAsync();

        await PassUntilAsync(() => _outbox.Settled.Any(settled => settled.Again is null));

        double[] pauses = [0.5, 1, 2, 4, 8, 16, 32, .. Enumerable.Repeat(60.0, 8)];
        Assert.Equal([.. pauses.Select(pause => (double?)pause), null], _outbox.Settled.Select(settled => settled.Again?.TotalSeconds));
        var times = _outbox.Settled.Select(settled => settled.At).ToList();
        // Never before its time; late by no more than the steps in which this clock goes on.
        Assert.All(times.Zip(times.Skip(1)).Zip(pauses), pair =>
            Assert.InRange((pair.First.Second - pair.First.First).TotalSeconds, pair.Second, pair.Second + 1));
        Assert.InRange((times[^1] - times[0]).TotalSeconds, 539, 600);

        await PassAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(pauses.Length + 1, _receiver.Attempts.Count);
        Assert.Null((await _outbox.ClaimCallbacksAsync(1, TimeSpan.FromMinutes(1), Cancel)).NextDue);
    }

    [Fact]
    public async Task Deliver_RestartedMeanwhile_GoesOnWithTheNextPause()
    {
        await EndATaskAsync();
        await StartAsync();
        await PassUntilAsync(() => _outbox.Settled.Count == 4);
        await StopAsync();

        await StartAsync();
        _receiver.Hears = true;
        await PassUntilAsync(() => _outbox.Settled.Count == 5);

        Assert.Equal([0.5, 1, 2, 4, null], _outbox.Settled.Select(settled => settled.Again?.TotalSeconds));
        var times = _outbox.Settled.Select(settled => settled.At).ToList();
        Assert.InRange((times[4] - times[3]).TotalSeconds, 4, 5);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(5, _receiver.Attempts.Count);
    }

    [Fact]
    public async Task Deliver_SenderThrows_IsGivenUpLikeAnyOtherFailure()
    {
        await EndATaskAsync();
        _receiver.Throws = true;
        await StartAsync();

        await PassUntilAsync(() => _outbox.Settled.Any(settled => settled.Again is null));

        Assert.Equal(16, _receiver.Attempts.Count);
    }

    [Fact]
    public async Task Deliver_OutboxThrowsAnything_GoesOn()
    {
        await EndATaskAsync();
        _receiver.Hears = true;
        _outbox.Failure = new InvalidOperationException("WRONGTYPE");
        await StartAsync();
        await PassUntilAsync(() => _outbox.Refused > 3);
        Assert.False(_courier!.ExecuteTask!.IsCompleted, "The courier ended.");

        _outbox.Failure = null;
        await PassUntilAsync(() => _outbox.Settled.Count == 1);

        Assert.Single(_receiver.Attempts);
    }

    private async Task EndATaskAsync()
    {
        var spec = new TaskSpecification { Type = "fibonacci", Input = "{}", InitiatedBy = "api", Callback = new TaskCallback("http://localhost:1/", CallbackShape.Pod, "t", "o") };
        await _queue.EnqueueAsync(spec, Cancel);
        var claim = (await _queue.ClaimAsync("w", 1, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim;
        Assert.True(await _queue.CompleteAsync(claim, "55", Cancel));
    }

    private async Task StartAsync()
    {
        _courier = new CallbackCourier(_outbox, _queue, _receiver, _clock, new Random(1), NullLogger<CallbackCourier>.Instance);
        await _courier.StartAsync(Cancel);
    }

    private async Task StopAsync()
    {
        if (_courier is not null)
        {
            await _courier.StopAsync(CancellationToken.None);
            _courier.Dispose();
            _courier = null;
        }
    }

    private Task PassAsync(TimeSpan time)
    {
        var until = _clock.GetUtcNow() + time;
        return PassUntilAsync(() => _clock.GetUtcNow() >= until);
    }

    // Time goes on only while the courier waits for it.
    private async Task PassUntilAsync(Func<bool> condition)
    {
        for (var step = 0; !condition(); step++)
        {
            Assert.True(step < 20_000, "It did not come true within much more than the ten minutes.");
            await Eventually.TrueAsync(() => _clock.PendingTimers > 0 || condition(), what: "The courier's pause");
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>A real outbox that shows what the courier decides.</summary>
    private sealed class ObservedOutbox(ICallbackOutbox outbox, TimeProvider time) : ICallbackOutbox
    {
        public ConcurrentQueue<(DateTimeOffset At, TimeSpan? Again)> Settled { get; } = new();

        public volatile Exception? Failure;

        public volatile int Refused;

        public ValueTask<CallbackBatch> ClaimCallbacksAsync(int count, TimeSpan visibility, CancellationToken cancellationToken)
        {
            if (Failure is not { } failure)
            {
                return outbox.ClaimCallbacksAsync(count, visibility, cancellationToken);
            }

            Refused++;
            throw failure;
        }

        public async ValueTask<bool> SettleCallbackAsync(DueCallback callback, TimeSpan? retryAfter, CancellationToken cancellationToken)
        {
            var at = time.GetUtcNow();
            var settled = await outbox.SettleCallbackAsync(callback, retryAfter, cancellationToken);
            Settled.Enqueue((at, retryAfter));
            return settled;
        }
    }

    /// <summary>Takes nothing until it is told to.</summary>
    private sealed class DeafReceiver : ICallbackSender
    {
        public ConcurrentQueue<string> Attempts { get; } = new();

        public volatile bool Hears;

        public volatile bool Throws;

        public Task<Delivery> SendAsync(TaskRecord task, CancellationToken cancellationToken)
        {
            Attempts.Enqueue(task.Id);
            if (Throws)
            {
                throw new InvalidOperationException("a defect");
            }

            return Task.FromResult(Hears ? new Delivery(true) : new Delivery(false, Retry: true, "The answer was 503."));
        }
    }
}
