using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>Tasks, mining and health in the page.</summary>
[Collection(InTheBrowser.Name)]
public sealed class TaskPageTests(PageWorld world)
{
    [Fact]
    public async Task Add_Queued_GoesThroughTheThreeSteps()
    {
        var server = await world.ServerAsync();
        var identity = (await server.Sessions.GetAsync("/whoami", TestContext.Current.CancellationToken).JsonAsync(200)).GetValue<string>();
        await using var page = await world.OpenAsync();
        await page.ShowAsync("tasks");
        await page["#a"].FillAsync("40");
        await page["#b"].FillAsync("2");

        await page["#add button.primary"].ClickAsync();

        var watch = page["#add-watch"];
        // It waits for two seconds: taken in and looked at, but nobody has done it yet.
        await Expect(watch.Locator("[data-step=initiated_by] .who")).ToHaveTextAsync(identity);
        await Expect(watch.Locator("[data-step=checked_by] .who")).ToHaveTextAsync(identity);
        await Expect(watch.Locator("[data-step=handled_by] .who")).ToHaveTextAsync(identity);
        await Expect(watch.Locator(".badge")).ToHaveTextAsync("complete");
        await Expect(watch.Locator(".result")).ToHaveTextAsync("42");
        await Expect(page["#depth"]).ToContainTextAsync("add");
        await Expect(page["#task-table .outcome"].First).ToHaveTextAsync("42");
    }

    [Fact]
    public async Task Add_BeforeAWorkerTakesIt_ShowsTwoStepsOnly()
    {
        await using var page = await world.OpenAsync(before: async browser =>
            // As long as a test likes: with the clock moved a minute back the task is not due for a minute.
            await browser.AddInitScriptAsync("const then = Date.prototype.toISOString; Date.prototype.toISOString = function () { return then.call(new Date(+this + 60000)); }"));
        await page.ShowAsync("tasks");

        await page["#add button.primary"].ClickAsync();

        var watch = page["#add-watch"];
        await Expect(watch.Locator(".badge")).ToHaveTextAsync("pending");
        await Expect(watch.Locator("[data-step=initiated_by]")).ToHaveClassAsync(new Regex("done"));
        await Expect(watch.Locator("[data-step=checked_by]")).ToHaveClassAsync(new Regex("done"));
        await Expect(watch.Locator("[data-step=handled_by] .who")).ToHaveTextAsync("…");
        await Expect(watch.Locator("progress")).ToBeVisibleAsync();
        await Expect(page["#depth-chart strong"]).Not.ToHaveTextAsync("0");
    }

    [Fact]
    public async Task Add_AtOnce_ShowsSumAndWhoComputedIt()
    {
        await using var page = await world.OpenAsync();
        await page.ShowAsync("tasks");
        await page["#a"].FillAsync("0.1");
        await page["#b"].FillAsync("0.2");

        await page["#add button[value=now]"].ClickAsync();

        await Expect(page["#add-watch .result"]).ToHaveTextAsync("0.3");
    }

    [Fact]
    public async Task Add_NotANumber_SaysWhatIsWrong()
    {
        await using var page = (await world.OpenAsync()).Expecting("status of 400");
        await page.ShowAsync("tasks");
        await page["#a"].FillAsync("three");

        await page["#add button[value=now]"].ClickAsync();

        await Expect(page["#add-watch [role=alert]"]).ToContainTextAsync("400");
    }

    [Fact]
    public async Task Fibonacci_Thousand_ShowsEveryDigit()
    {
        await using var page = await world.OpenAsync();
        await page.ShowAsync("tasks");

        await page["#fibonacci button"].ClickAsync();

        await Expect(page["#fibonacci-watch .result"]).ToHaveTextAsync(new Regex("^43466557686937456.*849228875\\s+209 digits$"));
    }

    [Fact]
    public async Task Mine_FindsTheKnownShare_ShowsItInLedgerAndRate()
    {
        await using var page = await world.OpenAsync();
        await page.ShowAsync("mining");
        await Expect(page["#mining-figures"]).ToContainTextAsync("Target difficulty");

        await page["#mine button"].ClickAsync();

        await Expect(page["#mine-watch .result"]).ToContainTextAsync("found: true");
        await Expect(page["#share-table tbody tr"].Filter(new() { HasText = "page" }).Locator(".badge")).ToHaveTextAsync("valid");
        await Expect(page["#hash-chart strong"]).ToHaveTextAsync(new Regex("[1-9].*H/s"));
    }

    [Fact]
    public async Task Health_EveryPart_IsShownWithWhatItIs()
    {
        await using var page = await world.OpenAsync();
        await page.ShowAsync("health");

        await Expect(page["#parts > li"]).ToHaveCountAsync(5);
        await Expect(page["#parts .badge"]).ToHaveTextAsync(["up", "up", "up", "up", "up"]);
        await Expect(page["#parts"]).ToContainTextAsync("Docker");
        await Expect(page["#parts"]).ToContainTextAsync("1 worker");
        await Expect(page["#links a"]).ToHaveTextAsync(["API document"]);
        await Expect(page["#charts svg"]).ToHaveCountAsync(4);
        await Expect(page["#charts .stroke"].First).ToHaveAttributeAsync("d", new Regex("^M"));
    }
}
