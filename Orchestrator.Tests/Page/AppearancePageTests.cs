using System.Globalization;
using Microsoft.Playwright;
using Orchestrator.Tests.EndToEnd;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>How the page looks to whom: light and dark, wide and narrow, to assistive technology, behind a prefix, at its first load.</summary>
[Collection(InTheBrowser.Name)]
public sealed class AppearancePageTests(PageWorld world)
{
    private const int MaxFirstLoadBytes = 150_000;

    private static readonly string[] Views = ["runners", "tasks", "mining", "health"];

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 320)]
    public async Task EveryView_InUse_HasNoAccessibilityViolation(ColorScheme scheme, int width)
    {
        await using var page = await world.OpenAsync(options: new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        await UseEverythingAsync(page, $"axe-{scheme}-{width}");

        foreach (var view in Views)
        {
            await page.ShowAsync(view);
            Assert.Empty(await Axe.CheckAsync(page.Page));
        }

        await page.ShowAsync("runners");
        await page.GiveBackAsync();
        Assert.Empty(await Axe.CheckAsync(page.Page));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task ColorScheme_AsTheReaderPrefers_IsFollowed(ColorScheme scheme)
    {
        await using var page = await world.OpenAsync(options: new() { ColorScheme = scheme });

        var ground = await page.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

        var channels = ground[4..^1].Split(',').Select(channel => int.Parse(channel, CultureInfo.InvariantCulture)).ToList();
        Assert.All(channels, channel => Assert.True(scheme == ColorScheme.Dark ? channel < 60 : channel > 200, ground));
    }

    [Fact]
    public async Task NarrowPhone_EveryViewInUse_NeedsNoSidewaysScroll()
    {
        await using var page = await world.OpenAsync(options: new() { ViewportSize = new() { Width = 320, Height = 640 }, HasTouch = true, IsMobile = true });
        await UseEverythingAsync(page, "narrow-" + new string('x', 121));

        foreach (var view in Views)
        {
            await page.ShowAsync(view);
            Assert.Equal(320, await page.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"));
        }

        await page.ShowAsync("runners");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task FirstLoad_OfEverything_IsSmall()
    {
        await using var page = await world.OpenAsync();

        var load = await page.Page.EvaluateAsync<FirstLoad>("""
            () => {
              const [start] = performance.getEntriesByType('navigation');
              const files = performance.getEntriesByType('resource').filter(entry => !entry.name.includes('/api/'));
              return {
                bytes: [start, ...files].reduce((sum, entry) => sum + entry.transferSize, 0),
                files: files.length + 1,
                milliseconds: Math.max(start.loadEventEnd, ...files.map(entry => entry.responseEnd)),
              };
            }
            """);

        TestContext.Current.TestOutputHelper?.WriteLine($"First load: {load.Files} files, {load.Bytes} bytes, {load.Milliseconds:0} ms.");
        Assert.InRange(load.Files, 15, 40);
        Assert.InRange(load.Bytes, 1_000, MaxFirstLoadBytes);
    }

    [Fact]
    public async Task Page_BelowAPrefixOfAProxy_WorksWithoutAnythingOfItOutside()
    {
        var server = await world.ServerAsync();
        await using var proxy = await PrefixProxy.StartAsync(server.Sessions.BaseAddress!);
        await using var page = await world.OpenAsync(proxy.Address);

        await page.ProvisionAsync("behind-a-proxy");
        await page.RunAsync("bash", "echo hello; until [ -e /tmp/go ]; do sleep 0.05; done; echo done");
        await Expect(page.Output).ToHaveTextAsync("hello\n");
        await server.ExecAsync("behind-a-proxy", "touch /tmp/go");
        await Expect(page.Output).ToHaveTextAsync("hello\ndone\n");
        await page.GiveBackAsync();
        foreach (var view in Views)
        {
            await page.ShowAsync(view);
        }

        var asked = await page.Page.EvaluateAsync<string[]>("() => performance.getEntriesByType('resource').map(entry => entry.name)");
        Assert.All(asked, address => Assert.StartsWith(proxy.Address.AbsoluteUri, address, StringComparison.Ordinal));
    }

    internal static async Task UseEverythingAsync(OpenedPage page, string session)
    {
        await page.ProvisionAsync(session);
        await page.RunAsync("bash", "echo hello; echo 'not so well' >&2");
        await Expect(page["#run-state"]).ToContainTextAsync("exit code 0");
        await page.ShowAsync("tasks");
        await page["#add button.primary"].ClickAsync();
        await page["#fibonacci button"].ClickAsync();
        await Expect(page["#fibonacci-watch .badge"]).ToHaveTextAsync("complete");
        await Expect(page["#add-watch .badge"]).ToHaveTextAsync("complete");
        await page.ShowAsync("mining");
        await page["#mine button"].ClickAsync();
        await Expect(page["#mine-watch .badge"]).ToHaveTextAsync("complete");
        await Expect(page["#share-table"]).ToBeVisibleAsync();
    }

    private sealed record FirstLoad
    {
        public int Bytes { get; init; }

        public int Files { get; init; }

        public double Milliseconds { get; init; }
    }
}
