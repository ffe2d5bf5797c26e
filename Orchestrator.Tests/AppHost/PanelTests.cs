using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>Every panel's query, asked of the real Prometheus that scraped the real composition.</summary>
[Collection(OnTheComposition.Name)]
public sealed class PanelTests(CompositionFixture composition)
{
    // Longer than two scrapes.
    private static readonly TimeSpan BetweenUses = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task Query_OfEveryPanel_ReturnsData()
    {
        var empty = GrafanaFiles.Queries.ToList();
        Assert.True(empty.Count > 40);
        var (uses, used) = (0, Stopwatch.StartNew());

        await Eventually.TrueAsync(
            async () =>
            {
                // A rate needs an increase between two scrapes. What happened before the first one, or all of it between two,
                // is none, so it is used again and again.
                if (uses == 0 || used.Elapsed > BetweenUses)
                {
                    await composition.UseAsync($"panels-{uses++}");
                    used.Restart();
                }

                foreach (var one in empty.ToList())
                {
                    if ((await composition.QueryAsync(one.Query)).Any(series => double.IsFinite(series.Value)))
                    {
                        empty.Remove(one);
                    }
                }

                return empty.Count == 0;
            },
            TimeSpan.FromMinutes(2), "Data of every panel").ContinueWith(
                wait => Assert.True(wait.IsCompletedSuccessfully, $"No data:\n{string.Join('\n', empty)}\n{wait.Exception?.InnerException?.Message}"), TaskScheduler.Default);
    }
}
