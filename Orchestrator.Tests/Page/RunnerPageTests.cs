using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>Runners in the page, on a real engine.</summary>
[Collection(InTheBrowser.Name)]
public sealed class RunnerPageTests(PageWorld world)
{
    [Theory]
    [InlineData("python", "import os, time\nprint('hello')\nwhile not os.path.exists('/tmp/go'):\n    time.sleep(0.05)\nprint('done')")]
    [InlineData("bash", "echo hello; until [ -e /tmp/go ]; do sleep 0.05; done; echo done")]
    [InlineData("javascript", "const fs = require('fs'); console.log('hello'); const t = setInterval(() => { if (fs.existsSync('/tmp/go')) { console.log('done'); clearInterval(t); } }, 50)")]
    public async Task Run_ProgramThatWaits_ShowsItsOutputBeforeItsEnd(string language, string code)
    {
        var server = await world.ServerAsync();
        await using var page = await world.OpenAsync();
        var session = $"stream-{language}";
        await page.ProvisionAsync(session);

        await page.RunAsync(language, code);
        await Expect(page.Output).ToHaveTextAsync("hello\n");
        // It runs on: only what is done now lets it end.
        await Expect(page["#run-state"]).ToContainTextAsync("Running for");
        await server.ExecAsync(session, "touch /tmp/go");

        await Expect(page.Output).ToHaveTextAsync("hello\ndone\n");
        await Expect(page["#run-state"]).ToContainTextAsync("Ended with exit code 0");
        await page.GiveBackAsync();
        Assert.Null(await server.FindAsync(session));
    }

    [Fact]
    public async Task Run_FailsAndWritesToBothStreams_ShowsBothAndTheExitCode()
    {
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("both-streams");

        await page.RunAsync("bash", "echo out; sleep 0.3; echo err >&2; exit 3");

        await Expect(page["#run-state"]).ToContainTextAsync("Ended with exit code 3");
        await Expect(page.Output.Locator(".stdout")).ToHaveTextAsync("out\n");
        await Expect(page.Output.Locator(".stderr")).ToHaveTextAsync("err\n");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Stop_WhileItRuns_EndsTheProgram()
    {
        var server = await world.ServerAsync();
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("to-stop");
        await page.RunAsync("bash", "echo begun; sleep 1234");
        await Expect(page.Output).ToHaveTextAsync("begun\n");

        await page["#stop"].ClickAsync();

        await Expect(page["#run-state"]).ToContainTextAsync("Stopped");
        await Expect(page["#start"]).ToBeFocusedAsync();
        await Eventually.TrueAsync(async () =>
            (await server.ExecAsync("to-stop", "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 123[4]' || true")).Text("stdout").Trim() == "0",
            TimeSpan.FromSeconds(60), "The program's end");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task List_RunnersOfEveryKind_ShowsStateOwnerAndTimeLeft()
    {
        var server = await world.ServerAsync();
        await server.Machines.GetAsync("/my-project", TestContext.Current.CancellationToken).JsonAsync(200);
        await server.ProvisionAsync("somebody-else");
        await using var page = await world.OpenAsync();
        var rows = page["#runner-table tbody tr"];

        var machine = rows.Filter(new() { HasText = "my-project" });
        await Expect(machine.Locator(".badge")).ToHaveTextAsync("leased");
        await Expect(machine.Locator(".left")).ToHaveTextAsync("no expiry");
        var other = rows.Filter(new() { HasText = "somebody-else" });
        await Expect(other.Locator(".left")).ToHaveTextAsync(new Regex("^[0-9]+ s$"));
        await Expect(other.Locator(".endpoint")).ToHaveTextAsync(new Regex("^http://localhost:[0-9]+$"));
        await Expect(rows.Filter(new() { HasText = "for sessions" }).Filter(new() { HasText = "warm" }).First).ToBeVisibleAsync();
        await Expect(page["#pools .fill"].First).ToContainTextAsync("of 1 warm");

        // Somebody else's is not removed by one wrong click.
        await other.GetByText("Remove").ClickAsync();
        await Expect(page["#ask-dialog"]).ToBeVisibleAsync();
        await page["#ask-dialog"].GetByText("Leave it").ClickAsync();
        Assert.NotNull(await server.FindAsync("somebody-else"));
        await other.GetByText("Remove").ClickAsync();
        await page["#ask-yes"].ClickAsync();
        await Expect(other).ToHaveCountAsync(0);
        Assert.Null(await server.FindAsync("somebody-else"));
        await server.Machines.SendAsync(HttpMethod.Delete, "/my-project").JsonAsync(200);
    }

    [Fact]
    public async Task Log_OfTheRunner_IsShownAsItComes()
    {
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("with-a-log");

        await page["#log-box summary"].ClickAsync();

        await Expect(page["#log"]).ToContainTextAsync("3000");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Reload_WithASession_KeepsIt()
    {
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("kept-over-reload");

        await page.Page.ReloadAsync();

        await Expect(page["#held-session"]).ToHaveTextAsync("kept-over-reload");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Session_WhileThePageIsOpen_OutlivesItsLeaseAndNoLonger()
    {
        const int leaseSeconds = 6;
        await using var server = await ApiServer.StartAsync($"--INACTIVITY_TIMEOUT_SECONDS={leaseSeconds}", "--CLEANUP_INTERVAL_SECONDS=1");
        await using (var page = await world.OpenAsync(server.Sessions.BaseAddress))
        {
            var beats = 0;
            page.Page.Response += (_, response) =>
            {
                if (response.Url.EndsWith("/heartbeat", StringComparison.Ordinal) && response.Ok)
                {
                    Interlocked.Increment(ref beats);
                }
            };
            await page.ProvisionAsync("kept-alive");
            var first = (await server.FindAsync("kept-alive"))!.ExpiresAt!.Value;

            // Longer than a lease lives by itself.
            await Eventually.TrueAsync(() => Volatile.Read(ref beats) > 2 && DateTimeOffset.UtcNow > first.AddSeconds(2), TimeSpan.FromMinutes(2));

            Assert.True((await server.FindAsync("kept-alive"))!.ExpiresAt > first);
            await Expect(page["#held-left"]).ToContainTextAsync("renewed");
        }

        await Eventually.TrueAsync(async () => await server.FindAsync("kept-alive") is null, TimeSpan.FromMinutes(2), "The end of a lease without a page");
    }

    [Fact]
    public async Task GiveBack_UnderWay_SendsNoHeartbeatForThatSessionAlone()
    {
        await using var server = await ApiServer.StartAsync("--INACTIVITY_TIMEOUT_SECONDS=6", "--Machines:MinIdle=0");
        await using var page = await world.OpenAsync(server.Sessions.BaseAddress);
        await page.ProvisionAsync("stays");
        await page.ProvisionAsync("goes");
        var (beats, mayGo) = (new ConcurrentQueue<string>(), new TaskCompletionSource());
        await page.Page.RouteAsync("**/deprovision", async route =>
        {
            await mayGo.Task;
            await route.ContinueAsync();
        });
        var asked = page.Page.WaitForRequestAsync("**/deprovision");

        await page["#give"].ClickAsync();
        await asked;
        page.Page.Request += (_, request) =>
        {
            if (request.Url.EndsWith("/heartbeat", StringComparison.Ordinal))
            {
                beats.Enqueue(request.PostData ?? "");
            }
        };
        await Eventually.TrueAsync(() => beats.Count(beat => beat.Contains("stays", StringComparison.Ordinal)) > 2, TimeSpan.FromMinutes(1), "Heartbeats of the other session");

        Assert.DoesNotContain(beats, beat => beat.Contains("goes", StringComparison.Ordinal));
        mayGo.SetResult();
        await Expect(page["#held-session"]).ToHaveTextAsync("stays");
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task Keyboard_Alone_GetsRunsAndGivesBack()
    {
        await using var page = await world.OpenAsync();
        var keys = page.Page.Keyboard;

        await keys.PressAsync("Tab");
        await Expect(page[".skip"]).ToBeFocusedAsync();
        await keys.PressAsync("Tab");
        await Expect(page["#tab-runners"]).ToBeFocusedAsync();
        foreach (var view in (string[])["tasks", "mining", "health", "runners"])
        {
            await keys.PressAsync("ArrowRight");
            await Expect(page[$"#tab-{view}"]).ToBeFocusedAsync();
            await Expect(page[$"#{view}"]).ToBeVisibleAsync();
        }

        await PressUntilFocusedAsync(page, "Tab", "#session");
        await keys.PressAsync("Control+A");
        await keys.TypeAsync("by-keyboard");
        await keys.PressAsync("Enter");
        await Expect(page["#held-session"]).ToHaveTextAsync("by-keyboard");
        await Expect(page["#code"]).ToBeFocusedAsync();
        await keys.PressAsync("Control+A");
        await keys.TypeAsync("print('typed')");
        await keys.PressAsync("Control+Enter");
        await Expect(page.Output).ToHaveTextAsync("typed\n");
        await Expect(page["#run-state"]).ToContainTextAsync("exit code 0");
        await PressUntilFocusedAsync(page, "Shift+Tab", "#give");
        await keys.PressAsync("Enter");
        await Expect(page["#held"]).ToBeHiddenAsync();
        await Expect(page["#get"]).ToBeFocusedAsync();
    }

    private static async Task PressUntilFocusedAsync(OpenedPage page, string key, string selector)
    {
        for (var presses = 0; presses < 40; presses++)
        {
            await page.Page.Keyboard.PressAsync(key);
            if (await page[selector].EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{key} never reaches {selector}.");
    }
}
