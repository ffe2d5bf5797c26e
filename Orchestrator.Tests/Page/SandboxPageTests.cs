using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>An opened runner in a container: what takes the whole screen, and how every part looks to whom.</summary>
[Collection(InTheBrowser.Name)]
public sealed class SandboxPageTests(PageWorld world)
{
    private static readonly string[] Parts = ["terminal", "files", "processes"];

    // The image has no editor: top draws the whole screen and reads single keys, watch does so on the other screen.
    [Fact]
    public async Task Terminal_ProgramThatTakesTheScreen_IsDrawnAndLeavesIt()
    {
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("full-screen");
        await page.OpenRunnerAsync("full-screen");

        await page.TypeAsync("top");
        await Expect(page.Screen).ToContainTextAsync("PID USER");
        await page.Page.Keyboard.PressAsync("q");
        await page.TypeAsync("clear; echo before $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("before 42");
        await page.TypeAsync("watch --interval 1 echo within");
        await Expect(page.Screen).ToContainTextAsync("Every 1.0s");
        await Expect(page.Screen).Not.ToContainTextAsync("before 42");
        await page.Page.Keyboard.PressAsync("Control+C");

        await Expect(page.Screen).ToContainTextAsync("before 42");
        await Expect(page.Screen).Not.ToContainTextAsync("Every 1.0s");
        await page.GiveBackAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 320)]
    public async Task EveryPart_InUse_IsAccessibleAndFitsTheWindow(ColorScheme scheme, int width)
    {
        await using var page = await world.OpenAsync(options: new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        var session = $"sandbox-{scheme}-{width}";
        await page.ProvisionAsync(session);
        await page.OpenRunnerAsync(session);
        await page.TypeAsync("mkdir folder; echo text > file.txt; ls --color");
        await Expect(page.Screen).ToContainTextAsync("file.txt");
        await page["#sandbox-tab-processes"].ClickAsync();
        await page["#process-command"].FillAsync("echo running; sleep 1000");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#sandbox-processes pre"]).ToContainTextAsync("running");

        foreach (var part in Parts)
        {
            await page[$"#sandbox-tab-{part}"].ClickAsync();
            await Expect(page[$"#sandbox-{part}"]).ToBeVisibleAsync();
            await IsWellMadeAsync(page, width);
        }

        await page["#sandbox-tab-files"].ClickAsync();
        await page["#sandbox-files"].GetByText("file.txt", new() { Exact = true }).ClickAsync();
        await Expect(page["#editor"]).ToHaveValueAsync("text\n");
        await IsWellMadeAsync(page, width);
        await page["#sandbox-tab-terminal"].ClickAsync();
        await page["#sandbox-terminal [type=checkbox]"].CheckAsync();
        await Expect(page[".xterm-accessibility"]).ToBeAttachedAsync();
        await IsWellMadeAsync(page, width);
        await page.GiveBackAsync();
    }

    private static async Task IsWellMadeAsync(OpenedPage page, int width)
    {
        Assert.Empty(await Axe.CheckAsync(page.Page));
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"));
    }
}
