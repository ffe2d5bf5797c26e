using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

public sealed class TaskMetricsTests
{
    [Fact]
    public void Counted_Depths_TellsEveryKnownStateAndWhatIsGoneAsZero()
    {
        using var watch = new MetricWatch("orchestrator_queue_depth");
        var type = $"depth-{Guid.NewGuid():N}";
        var foreign = $"foreign-{Guid.NewGuid():N}";
        var metrics = new TaskMetrics(new TaskTypes([new FakeHandler(type, (_, _) => Task.FromResult("null"))]));
        Assert.DoesNotContain(watch.Observe(), heard => heard.Tags.Contains(type, StringComparison.Ordinal));

        metrics.Counted([new(type, TaskPhase.Pending, 3), new(foreign, TaskPhase.Running, 1)]);
        Assert.Equal(
            [(3, "pending"), (0, "running"), (0, "complete"), (0, "failed"), (0, "cancelled")],
            Of(watch, type).OrderByDescending(depth => depth.Value));
        Assert.Equal([(1, "running")], Of(watch, foreign));

        metrics.Counted([new(type, TaskPhase.Failed, 2)]);
        metrics.Counted([new(type, TaskPhase.Failed, 2)]);
        Assert.Equal((2, "failed"), Of(watch, type).MaxBy(depth => depth.Value));
        Assert.Equal(5, Of(watch, type).Count);
        Assert.Equal([(0, "running")], Of(watch, foreign));
    }

    [Fact]
    public void Begin_BeforeAnyCallback_TellsEveryOutcomeAsZero()
    {
        using var watch = new MetricWatch("orchestrator_callbacks_total");

        TaskMetrics.Begin();

        Assert.All(["delivered", "retry", "given_up"], outcome => Assert.Contains((0, $"outcome={outcome}"), watch.Heard));
    }

    private static List<(double Value, string State)> Of(MetricWatch watch, string type) =>
        [.. watch.Observe().Where(heard => heard.Tags.EndsWith($"type={type}", StringComparison.Ordinal))
            .Select(heard => (heard.Value, heard.Tags.Split(',')[0]["state=".Length..]))];
}
