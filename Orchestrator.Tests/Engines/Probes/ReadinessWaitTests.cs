using System.Diagnostics;
using Orchestrator.Core.Engines;
using Orchestrator.Engines.Probes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Probes;

/// <summary>Waiting for a probe: tight, bounded, and never past a death.</summary>
public sealed class ReadinessWaitTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private readonly ReadinessWait _wait = new(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UntilReady_ReadyAtTheFirstAsking_ReturnsAtOnceWithoutALookAtTheEngine()
    {
        var looks = 0;

        await _wait.UntilReadyAsync("a", new Probe(_ => Task.FromResult(true)), Long, _ => Task.FromResult<string?>($"look {++looks}"), Cancel);

        Assert.Equal(0, looks);
    }

    [Fact]
    public async Task UntilReady_ReadyLater_AsksOften()
    {
        var watch = Stopwatch.StartNew();
        var probe = new Probe(_ => Task.FromResult(watch.ElapsedMilliseconds > 300));

        await _wait.UntilReadyAsync("a", probe, Long, Alive, Cancel);

        // Every 20 ms at the latest, on a machine that may be busy.
        Assert.InRange(probe.Asked, 8, 80);
    }

    [Theory]
    [InlineData(100, 75)]
    [InlineData(200, 150)]
    [InlineData(8_000, 150)]
    public async Task UntilReady_OneOfItsKindWasReadyBefore_AsksFromShortlyBeforeThatTimeOn(int took, int from)
    {
        var clock = new ManualTimeProvider();
        var wait = new ReadinessWait(clock);
        var asked = 0;
        var readyAtTheSecond = new Probe(_ =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(asked++ == 0 ? took - 2 : 0));
            return Task.FromResult(asked == 2);
        });
        var first = wait.UntilReadyAsync("a", readyAtTheSecond, Long, Alive, Cancel);
        clock.Advance(TimeSpan.FromMilliseconds(2));
        await first.WaitAsync(Long, Cancel);

        var probe = new Probe(_ => Task.FromResult(true));
        var other = new Probe(_ => Task.FromResult(true));
        var waiting = wait.UntilReadyAsync("a", probe, Long, Alive, Cancel);
        await wait.UntilReadyAsync("b", other, Long, Alive, Cancel);
        clock.Advance(TimeSpan.FromMilliseconds(from - 1));
        Assert.Equal((0, 1), (probe.Asked, other.Asked));

        clock.Advance(TimeSpan.FromMilliseconds(1));
        await waiting.WaitAsync(Long, Cancel);
        Assert.Equal(1, probe.Asked);
    }

    [Fact]
    public async Task UntilReady_OneOfItsKindAnsweredTheFirstAskingLate_AsksAtOnceAllTheSame()
    {
        var clock = new ManualTimeProvider();
        var wait = new ReadinessWait(clock);
        var slow = new Probe(_ =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(true);
        });
        await wait.UntilReadyAsync("a", slow, Long, Alive, Cancel);

        await wait.UntilReadyAsync("a", new Probe(_ => Task.FromResult(true)), Long, Alive, Cancel).WaitAsync(Long, Cancel);
    }

    [Fact]
    public async Task UntilReady_ProbeThatNeverReturns_IsAskedAgain()
    {
        var probe = new Probe(async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return true;
        });

        await Assert.ThrowsAsync<RunnerNotReadyException>(() => _wait.UntilReadyAsync("a", probe, TimeSpan.FromSeconds(2.5), Alive, Cancel));

        Assert.InRange(probe.Asked, 2, 3);
    }

    [Fact]
    public async Task UntilReady_Dies_TellsWhy()
    {
        var error = await Assert.ThrowsAsync<RunnerNotReadyException>(() => _wait.UntilReadyAsync(
            "a", new Probe(_ => Task.FromResult(false)), Long, _ => Task.FromResult<string?>("It ended with exit code 3."), Cancel));

        Assert.Equal("It ended with exit code 3.", error.Message);
    }

    [Fact]
    public async Task UntilReady_EngineGoesAway_SaysThat() =>
        await Assert.ThrowsAsync<EngineUnavailableException>(() => _wait.UntilReadyAsync(
            "a", new Probe(_ => Task.FromResult(false)), Long, _ => throw new EngineUnavailableException("down"), Cancel));

    [Fact]
    public async Task UntilReady_Cancelled_IsCancelled()
    {
        using var stop = new CancellationTokenSource(50);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _wait.UntilReadyAsync("a", new Probe(_ => Task.FromResult(false)), Long, Alive, stop.Token));
    }

    private static Task<string?> Alive(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    private sealed class Probe(Func<CancellationToken, Task<bool>> ask) : IReadinessProbe
    {
        public int Asked { get; private set; }

        public string Target => "the test";

        public Task<bool> IsReadyAsync(CancellationToken cancellationToken)
        {
            Asked++;
            return ask(cancellationToken);
        }
    }
}
