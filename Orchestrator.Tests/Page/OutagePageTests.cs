using System.Text.RegularExpressions;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>What the page shows when not all is well, and how it goes on.</summary>
[Collection(InTheBrowser.Name)]
public sealed class OutagePageTests(PageWorld world)
{
    private const string Away = "ERR_CONNECTION_REFUSED";

    [Fact]
    public async Task Api_KilledAndStartedAgain_IsShownAndRecoveredFrom()
    {
        await using var server = await ApiServer.StartAsync();
        // The page learns the new process's secret by its first refusal.
        await using var page = (await world.OpenAsync(server.Sessions.BaseAddress)).Expecting(Away, "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "403 (Forbidden)");
        await page.ProvisionAsync("outlives-it");
        await Expect(page["#runner-table"]).ToContainTextAsync("outlives-it");

        await server.KillAsync();

        await Expect(page["#away"]).ToContainTextAsync("The API does not answer.");
        await Expect(page["#away"]).ToContainTextAsync("./orchestrator up");
        await Expect(page.State).ToContainTextAsync("The API is away");
        await Expect(page["#runner-table"]).ToContainTextAsync("outlives-it");

        await server.StartAgainAsync();

        await page.IsWellAsync();
        await Expect(page["#away"]).ToBeHiddenAsync();
        await page.RunAsync("bash", "echo still here");
        await Expect(page.Output).ToHaveTextAsync("still here\n");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Terminal_ApiKilledAndStartedAgain_IsAttachedToAgain()
    {
        await using var server = await ApiServer.StartAsync();
        await using var page = (await world.OpenAsync(server.Sessions.BaseAddress)).Expecting(Away, "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "WebSocket connection");
        await page.ProvisionAsync("attached-again");
        await page.OpenRunnerAsync("attached-again");
        await page.TypeAsync("kept=well; echo before $((40 + 2))");
        await Expect(page.Screen).ToContainTextAsync("before 42");
        var state = page["#sandbox-terminal [role=status]"];

        await server.KillAsync();
        await Expect(state).ToContainTextAsync("attaching again");
        await server.StartAgainAsync();

        await Expect(state).ToContainTextAsync("Process");
        await Expect(page.Screen).ToContainTextAsync("before 42");
        await page.TypeAsync("echo is $kept");
        await Expect(page.Screen).ToContainTextAsync("is well");
        await page.GiveBackAsync();
    }

    [Theory]
    [InlineData("**/assets/dom.js")]
    [InlineData("**/assets/parts.css")]
    public async Task Load_BrokenOffInTheMiddle_IsBegunAnew(string file)
    {
        var broken = 0;
        await using var page = (await world.OpenAsync(before: browser => browser.RouteAsync(file, route =>
            Interlocked.Increment(ref broken) <= 2 ? route.AbortAsync("connectionreset") : route.ContinueAsync()))).Expecting("ERR_CONNECTION_RESET");

        await page.IsWellAsync();
        Assert.True(broken > 2);
    }

    [Fact]
    public async Task Engine_Gone_IsNamedWithWhatToDo()
    {
        Components.RequireEngineSocket();
        await using var relay = new SocketRelay(Components.EngineSocket);
        relay.Open();
        await using var server = await ApiServer.StartAsync($"--DOCKER_HOST=unix://{relay.Path}");
        await using var page = (await world.OpenAsync(server.Sessions.BaseAddress)).Expecting("status of 503");
        await page.ShowAsync("health");

        relay.Close();

        await Expect(page.State).ToContainTextAsync("engine down");
        await Expect(page["#parts > li"].First).ToContainTextAsync("Start the container engine");
        await page.ShowAsync("runners");
        await page["#get"].ClickAsync();
        await Expect(page["#workbench-problem"]).ToContainTextAsync("503 ENGINE_UNAVAILABLE");
        await Expect(page["#workbench-problem"]).ToContainTextAsync("resumes once it answers");

        relay.Open();

        await page.IsWellAsync();
    }

    [Fact]
    public async Task Task_FailsForGood_IsListedAndPutBack()
    {
        await using var server = await ApiServer.StartAsync("--Runners:Image=no-such-image-of-ours");
        await server.Sessions.PostAsync("/task",
            """{"type":"run","input":{"language":"bash","code":"echo hi"},"max_attempts":1}""").JsonAsync(202);
        await using var page = (await world.OpenAsync(server.Sessions.BaseAddress)).Expecting("status of 500");
        await page.ShowAsync("tasks");
        var dead = page["#dead > li"];
        await Expect(dead).ToHaveCountAsync(1);
        await Expect(dead.Locator(".error")).ToContainTextAsync("no-such-image-of-ours");
        await Expect(dead.Locator(".when")).ToContainTextAsync("after 1 attempt");
        var task = (await server.Sessions.GetAsync("/tasks/dead", TestContext.Current.CancellationToken).JsonAsync(200))["tasks"]![0]!;

        await dead.GetByRole(Microsoft.Playwright.AriaRole.Button).ClickAsync();

        // Back in the queue it fails anew, later than before.
        await Eventually.TrueAsync(async () =>
            (await server.Sessions.GetAsync("/tasks/dead", TestContext.Current.CancellationToken).JsonAsync(200))["tasks"]!.AsArray() is [{ } again]
            && again["finished_at"]!.GetValue<DateTimeOffset>() > task["finished_at"]!.GetValue<DateTimeOffset>(),
            TimeSpan.FromSeconds(60), "The second failure");
        await page.ShowAsync("runners");
        await page["#get"].ClickAsync();
        await Expect(page["#workbench-problem"]).ToContainTextAsync("DOCKER_IMAGE_NOT_FOUND");
        await Expect(page["#workbench-problem"]).ToContainTextAsync("./orchestrator images");
    }

    [Fact]
    public async Task Keys_Configured_OneIsAskedForAndKeptForTheTab()
    {
        await using var server = await ApiServer.StartAsync("--Security:ApiKeys=the-right-key-of-the-page", "--Security:Listen=loopback");
        await using var page = (await world.OpenAsync(server.Sessions.BaseAddress, wait: false)).Expecting("status of 401");
        var dialog = page["#key-dialog"];
        await Expect(dialog).ToBeVisibleAsync();
        await Expect(page["#key"]).ToBeFocusedAsync();

        await page["#key"].FillAsync("a-wrong-key");
        await page.Page.Keyboard.PressAsync("Enter");
        await Expect(page["#key-why"]).ToContainTextAsync("key is unknown");
        await page["#key"].FillAsync("the-right-key-of-the-page");
        await page.Page.Keyboard.PressAsync("Enter");

        await page.IsWellAsync();
        await Expect(dialog).ToBeHiddenAsync();
        await page.ProvisionAsync("with-a-key");
        await page.RunAsync("bash", "echo keyed");
        await Expect(page.Output).ToHaveTextAsync("keyed\n");
        await page.GiveBackAsync();
        await page.ShowAsync("health");
        var download = await page.Page.RunAndWaitForDownloadAsync(() => page["#links a"].ClickAsync());
        Assert.Contains("\"openapi\"", await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await page.Page.ReloadAsync();
        await page.IsWellAsync();
        await Expect(dialog).ToBeHiddenAsync();
        Assert.DoesNotContain("the-right-key-of-the-page", page.Page.Url, StringComparison.Ordinal);

        await using var stranger = (await world.OpenAsync(server.Sessions.BaseAddress, wait: false)).Expecting("status of 401");
        await Expect(stranger["#key-dialog"]).ToBeVisibleAsync();
        await Expect(stranger.State).ToHaveTextAsync(new Regex("key is needed"));
    }
}
