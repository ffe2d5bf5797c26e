using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>The terminal of an opened runner, on the process engine.</summary>
[Collection(InTheBrowser.Name)]
public sealed class TerminalPageTests(PageWorld world, EmbeddedServer server) : IClassFixture<EmbeddedServer>
{
    private const string Vendored = "() => performance.getEntriesByType('resource').some(entry => entry.name.includes('/vendor/'))";

    [Fact]
    public async Task Terminal_CommandTyped_ShowsItsOutputInColour()
    {
        await using var page = await OpenAsync("typed");

        await page.TypeAsync("printf 'answer %d \\033[38;2;10;200;30mgreen\\033[0m\\n' $((6 * 7))");

        await Expect(page.Screen).ToContainTextAsync("answer 42 green");
        // The policy allows no style attribute.
        await Expect(page.Screen.GetByText("green", new() { Exact = true })).ToHaveCSSAsync("color", "rgb(10, 200, 30)");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_Vim_EditsAFileAndLeavesTheScreen()
    {
        Components.Require("vim");
        await using var page = await OpenAsync("vim");
        await page.TypeAsync("seq 1 3 > lines; echo before $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("before 42");

        await page.TypeAsync("vim -u NONE lines");
        await Expect(page.Screen).ToContainTextAsync("~");
        await Expect(page.Screen).Not.ToContainTextAsync("before");
        // A line below the last one, then Escape.
        await page.Page.Keyboard.TypeAsync("Gofourth");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.TypeAsync(":wq");

        await Expect(page.Screen).ToContainTextAsync("before 42");
        await page.TypeAsync("tail -n 2 lines | tr '\n' ' '");
        await Expect(page.Screen).ToContainTextAsync("3 fourth");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_WindowResized_TellsTheProgram()
    {
        await using var page = await OpenAsync("resized");
        await page.TypeAsync("stty size");
        await Expect(page.Screen).ToContainTextAsync(new Regex(@"\d+ 1[0-9]{2}"));

        await page.Page.SetViewportSizeAsync(700, 900);

        await Eventually.TrueAsync(async () =>
        {
            await page.TypeAsync("clear; stty size");
            return Regex.IsMatch(await page.Screen.InnerTextAsync(), @"\b\d+ [5-8][0-9]\b");
        }, TimeSpan.FromSeconds(60), "The smaller size");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_ClosedAndOpenedAgain_GoesOnWhereItWas()
    {
        await using var page = await OpenAsync("kept");
        // It asks the terminal for its position, and takes the answer.
        await page.TypeAsync("printf '\\033[6n'; read -rsd R; kept=well; echo begun $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("begun 42");
        await page["#sandbox"].GetByText("Close").ClickAsync();
        await Expect(page["#sandbox"]).ToBeHiddenAsync();

        await page.OpenRunnerAsync("kept");

        await Expect(page.Screen).ToContainTextAsync("begun 42");
        await page.TypeAsync("echo is $kept");
        await Expect(page.Screen).ToContainTextAsync("is well");
        // The question of before is not answered a second time.
        await Expect(page.Screen).Not.ToContainTextAsync("not found");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_ProgramEnds_SaysSoAndOpensAnother()
    {
        await using var page = await OpenAsync("ends");

        await page.TypeAsync("exit");

        var state = page["#sandbox-terminal [role=status]"];
        await Expect(state).ToContainTextAsync("ended");
        var again = page["#sandbox-terminal"].GetByText("New terminal");
        await Expect(again).ToBeFocusedAsync();
        await again.ClickAsync();
        await Expect(state).ToContainTextAsync("Process");
        await page.TypeAsync("echo $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("42");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_KeyboardAlone_IsEnteredAndLeft()
    {
        await using var page = await OpenAsync("by-keyboard");
        var keys = page.Page.Keyboard;
        // Tab is the shell's.
        await keys.PressAsync("Tab");
        await Expect(page[".xterm-helper-textarea"]).ToBeFocusedAsync();

        await keys.PressAsync("Control+F6");

        await Expect(page["#sandbox-terminal"].GetByText("New terminal")).ToBeFocusedAsync();
        await keys.PressAsync("Shift+Tab");
        await Expect(page["#sandbox-tab-terminal"]).ToBeFocusedAsync();
        await keys.PressAsync("ArrowLeft");
        await Expect(page["#sandbox-tab-processes"]).ToBeFocusedAsync();
        await Expect(page["#sandbox-processes"]).ToBeVisibleAsync();
        await keys.PressAsync("Home");
        await Expect(page["#sandbox-terminal"]).ToBeVisibleAsync();
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_BeforeOneIsOpened_IsNotLoaded()
    {
        await using var page = await world.OpenAsync(server.Address, wait: false);
        await page.ProvisionAsync("late");
        Assert.False(await page.Page.EvaluateAsync<bool>(Vendored));

        await page.OpenRunnerAsync("late");

        Assert.True(await page.Page.EvaluateAsync<bool>(Vendored));
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_WithKeysConfigured_OpensWithTheKeyOfTheTab()
    {
        using var folder = new TemporaryFolder();
        await using var keyed = await ServerProgram.StartEmbeddedAsync(folder.Path, "--Security:ApiKeys=the-right-key-of-all?~", "--Security:Listen=loopback");
        await using var page = (await world.OpenAsync(keyed.Sessions, wait: false)).Expecting("status of 401");
        await page["#key"].FillAsync("the-right-key-of-all?~");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ProvisionAsync("keyed");
        var opened = page.Page.WaitForWebSocketAsync();

        await page.OpenRunnerAsync("keyed");

        await page.TypeAsync("echo $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("42");
        Assert.DoesNotContain("right", (await opened).Url, StringComparison.Ordinal);
        await page.GiveBackAsync();
    }

    private async Task<OpenedPage> OpenAsync(string session)
    {
        var page = await world.OpenAsync(server.Address, wait: false);
        await page.ProvisionAsync(session);
        await page.OpenRunnerAsync(session);
        return page;
    }
}
