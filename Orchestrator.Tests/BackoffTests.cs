using Orchestrator.Core;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests;

public sealed class BackoffTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 8)]
    [InlineData(5, 10)]
    [InlineData(int.MaxValue, 10)]
    public void After_WithoutJitter_DoublesUpToTheCap(int attempt, double seconds) =>
        Assert.Equal(seconds, new Backoff(Second, 10 * Second, _clock, jitter: null).After(attempt).TotalSeconds);

    [Fact]
    public void After_WithJitter_IsUpToAQuarterOff()
    {
        var backoff = new Backoff(Second, 10 * Second, _clock, new Random(1));

        var pauses = Enumerable.Range(0, 1_000).Select(_ => backoff.After(2).TotalSeconds).ToList();

        Assert.InRange(pauses.Min(), 1.5, 1.55);
        Assert.InRange(pauses.Max(), 2.45, 2.5);
    }

    [Fact]
    public async Task Wait_PassesByItsClock()
    {
        var waiting = new Backoff(Second, 10 * Second, _clock, jitter: null).WaitAsync(3, TestContext.Current.CancellationToken);

        _clock.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        await waiting;
    }

    [Fact]
    public async Task Wait_Cancelled_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        var waiting = new Backoff(Second, Second, _clock, jitter: null).WaitAsync(1, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
