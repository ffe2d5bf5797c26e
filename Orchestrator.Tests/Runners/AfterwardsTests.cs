using Orchestrator.Core.Runners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Runners;

public sealed class AfterwardsTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly List<int> _done = [];

    [Fact]
    public void Do_SeveralThings_AreDoneTogetherAMomentLaterInTheirOrder()
    {
        using var afterwards = new Afterwards(_clock);
        afterwards.Do(() => _done.Add(1));
        _clock.Advance(TimeSpan.FromMilliseconds(9));
        afterwards.Do(() => _done.Add(2));
        Assert.Empty(_done);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([1, 2], _done);

        afterwards.Do(() => _done.Add(3));
        Assert.Equal([1, 2], _done);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal([1, 2, 3], _done);
    }

    [Fact]
    public void Dispose_SomethingLeft_DoesIt()
    {
        var afterwards = new Afterwards(_clock);
        afterwards.Do(() => _done.Add(1));

        afterwards.Dispose();

        Assert.Equal([1], _done);
    }
}
