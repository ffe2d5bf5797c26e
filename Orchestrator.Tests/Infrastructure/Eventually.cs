using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Bounded waits for what happens in the background.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task TrueAsync(Func<bool> condition, TimeSpan? limit = null, string what = "The condition") =>
        TrueAsync(() => Task.FromResult(condition()), limit, what);

    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? limit = null, string what = "The condition")
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < (limit ?? Limit), $"{what} did not come true within {(limit ?? Limit).TotalSeconds} s.");
            await Task.Delay(5);
        }
    }
}
