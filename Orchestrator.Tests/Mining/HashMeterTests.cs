using Orchestrator.Core.Mining;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Mining;

public sealed class HashMeterTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly HashMeter _meter;

    public HashMeterTests() => _meter = new HashMeter(_clock);

    [Fact]
    public void GetRate_NoWork_IsZero()
    {
        Assert.Equal(0, _meter.GetRate());
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, _meter.GetRate());
    }

    [Fact]
    public void GetRate_SteadyWork_IsItsRateFromTheStartOn()
    {
        for (var tenth = 0; tenth < 3_000; tenth++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            _meter.Add(100);
            if (tenth > 20)
            {
                Assert.Equal(1_000, _meter.GetRate(), 40.0);
            }
        }

        Assert.Equal(300_000, _meter.Total);
    }

    [Fact]
    public void GetRate_WorkOverAMinuteAgo_IsForgotten()
    {
        _clock.Advance(TimeSpan.FromSeconds(90));
        _meter.Add(6_000_000);
        Assert.Equal(100_000, _meter.GetRate(), 2_000.0);

        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(100_000, _meter.GetRate(), 2_000.0);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, _meter.GetRate());
    }

    [Fact]
    public void SinceLast_Work_IsTheTimeSince()
    {
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(10), _meter.SinceLast);

        _meter.Add(1);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), _meter.SinceLast);
    }
}
