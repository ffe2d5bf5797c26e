using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>The processes of an opened runner, on the process engine.</summary>
[Collection(InTheBrowser.Name)]
public sealed class ProcessesPageTests(PageWorld world, EmbeddedServer server) : IClassFixture<EmbeddedServer>
{
    [Fact]
    public async Task Process_StartedInTheBackground_PrintsLiveUntilItIsKilled()
    {
        await using var page = await OpenAsync("killed");

        await StartAsync(page, "echo begun; while :; do sleep 0.1; [ -e go ] && echo went && rm go; done");
        await Expect(page["#sandbox-processes pre"]).ToHaveTextAsync("begun\n");
        await page.PutEmptyAsync("api/runner/killed/files?path=go");
        await Expect(page["#sandbox-processes pre"]).ToHaveTextAsync("begun\nwent\n");
        var row = page["#sandbox-processes tbody tr"].Filter(new() { HasText = "echo begun" });
        await Expect(row.Locator(".badge")).ToHaveTextAsync("running");

        await row.GetByText("Kill").ClickAsync();

        await Expect(page["#sandbox-processes [role=status]"]).ToContainTextAsync("Ended with exit code 143");
        await Expect(row.Locator(".badge")).ToHaveTextAsync("killed");
        await Expect(row.Locator(".kill")).ToBeHiddenAsync();
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Process_ThatHasEnded_StillShowsWhatItPrinted()
    {
        await using var page = await OpenAsync("ended");
        await StartAsync(page, "echo out; echo err >&2; exit 3");
        await Expect(page["#sandbox-processes [role=status]"]).ToContainTextAsync("Ended with exit code 3");
        await page["#sandbox-tab-files"].ClickAsync();
        await page["#sandbox-tab-processes"].ClickAsync();
        await Expect(page["#sandbox-processes pre"]).ToBeHiddenAsync();

        await page["#sandbox-processes .print"].ClickAsync();

        await Expect(page["#sandbox-processes .stdout"]).ToHaveTextAsync("out\n");
        await Expect(page["#sandbox-processes .stderr"]).ToHaveTextAsync("err\n");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_InTheList_IsAttachedToFromThere()
    {
        await using var page = await OpenAsync("attached");
        await page["#sandbox-tab-terminal"].ClickAsync();
        await Expect(page["#sandbox-terminal [role=status]"]).ToContainTextAsync("Process");
        await page.TypeAsync("echo the first $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("the first 42");
        await page["#sandbox-terminal"].GetByText("New terminal").ClickAsync();
        await Expect(page.Screen).Not.ToContainTextAsync("the first");
        await page["#sandbox-tab-processes"].ClickAsync();
        await Expect(page["#sandbox-processes .attach"]).ToHaveCountAsync(2);

        await page["#sandbox-processes .attach"].Last.ClickAsync();

        await Expect(page.Screen).ToContainTextAsync("the first 42");
        await page.GiveBackAsync();
    }

    private static async Task StartAsync(OpenedPage page, string command)
    {
        await page["#process-command"].FillAsync(command);
        await page["#sandbox-processes"].GetByText("Start it").ClickAsync();
    }

    private async Task<OpenedPage> OpenAsync(string session)
    {
        var page = await world.OpenAsync(server.Address, wait: false);
        await page.ProvisionAsync(session);
        await page.OpenRunnerAsync(session, "processes");
        return page;
    }
}
