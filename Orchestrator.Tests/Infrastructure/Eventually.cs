using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Bounded waits for what happens in the background.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    public static Task TrueAsync(Func<bool> condition, TimeSpan? limit = null, string what = "The condition") =>
        TrueAsync(() => Task.FromResult(condition()), limit, what);

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? limit = null, string what = "The condition")
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < (limit ?? Limit), $"{what} did not come true within {(limit ?? Limit).TotalSeconds} s.");
            // The longer it takes the less often it is asked, or the asking would take the processor from what it waits for.
            var pause = watch.Elapsed / 20;
            await Task.Delay(pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause);
        }
    }
}
