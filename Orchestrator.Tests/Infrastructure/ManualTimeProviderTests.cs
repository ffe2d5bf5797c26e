namespace Orchestrator.Tests.Infrastructure;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Advance_SeveralTimers_FireInOrderAtTheirOwnTimes()
    {
        var start = _clock.GetUtcNow();
        List<(string, double)> fired = [];
        using var late = Timer("late", 3, fired, start);
        using var early = Timer("early", 1, fired, start);
        using var never = Timer("never", 10, fired, start);

        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("early", 1), ("late", 3)], fired);
        Assert.Equal(start.AddSeconds(5), _clock.GetUtcNow());
        Assert.Equal(1, _clock.PendingTimers);
    }

    [Fact]
    public void Advance_PeriodicTimer_FiresOncePerPeriod()
    {
        var fired = 0;
        var timer = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, fired);

        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, fired);
    }

    [Fact]
    public async Task Advance_TaskDelay_Completes()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(1), _clock, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(delay.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await delay.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void SetWallClock_Backwards_LeavesElapsedTimeAlone()
    {
        var start = _clock.GetUtcNow();
        var since = _clock.GetTimestamp();
        _clock.SetWallClock(start.AddHours(-1));
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(2), _clock.GetElapsedTime(since));
        Assert.Equal(start.AddHours(-1).AddSeconds(2), _clock.GetUtcNow());
    }

    private ITimer Timer(string name, int seconds, List<(string, double)> fired, DateTimeOffset start) =>
        _clock.CreateTimer(_ => fired.Add((name, (_clock.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
}
