using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>Whatever others write stays text: in code's output, names, errors and addresses.</summary>
[Collection(InTheBrowser.Name)]
public sealed class MarkupPageTests(PageWorld world)
{
    private const string Attack = """<img src=x onerror="window.caught=1"><script>window.caught=1</script><svg onload=window.caught=1>""";

    [Fact]
    public async Task Output_OfCode_StaysText()
    {
        await using var page = await world.OpenAsync();
        await page.ProvisionAsync("attack-by-output");

        await page.RunAsync("bash", $"cat <<'EOF'\n{Attack}\nEOF\ncat >&2 <<'EOF'\n</span></pre>{Attack}\nEOF");

        await Expect(page["#run-state"]).ToContainTextAsync("exit code 0");
        await Expect(page.Output.Locator(".stdout")).ToHaveTextAsync($"{Attack}\n");
        await Expect(page.Output.Locator(".stderr")).ToHaveTextAsync($"</span></pre>{Attack}\n");
        await NothingCaughtAsync(page);
        await page.GiveBackAsync();
    }

    [Fact]
    public async Task SessionId_ThatIsMarkup_IsRefusedAndStaysText()
    {
        await using var page = (await world.OpenAsync()).Expecting("status of 400");

        await page["#session"].FillAsync(Attack);
        await page["#get"].ClickAsync();

        await Expect(page["#workbench-problem"]).ToContainTextAsync("400 SESSION_ID_INVALID");
        await NothingCaughtAsync(page);
    }

    [Fact]
    public async Task Worker_NamedByAnAttacker_StaysText()
    {
        var server = await world.ServerAsync();
        // A worker's name may be any text: this one is really in the ledger.
        var share = new JsonObject
        {
            ["hash"] = new string('0', 64),
            ["difficulty"] = 1.0,
            ["block_height"] = 1,
            ["worker_id"] = Attack,
            ["submission_id"] = $"{Guid.NewGuid()}",
        };
        await server.Pod.PostAsync("/submission/1", share.ToJsonString()).JsonAsync(200);
        await using var page = await world.OpenAsync();

        await page.ShowAsync("mining");

        await Expect(page["#share-table"]).ToContainTextAsync(Attack);
        await NothingCaughtAsync(page);
    }

    [Fact]
    public async Task Answers_FullOfMarkup_StayText()
    {
        await using var page = await world.OpenAsync(before: async browser =>
        {
            await browser.RouteAsync("**/api/runner?*", route => route.FulfillAsync(Json(new JsonObject
            {
                ["runners"] = new JsonArray(Runner("session", "1"), Runner("machine", "2"), Runner(Attack, "3")),
            })));
            await browser.RouteAsync("**/tasks/dead*", route => route.FulfillAsync(Json(new JsonObject { ["tasks"] = new JsonArray(Dead()) })));
            await browser.RouteAsync("**/tasks?*", route => route.FulfillAsync(Json(new JsonObject { ["tasks"] = new JsonArray(Dead()) })));
            await browser.RouteAsync("**/api/overview", async route =>
            {
                var overview = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!;
                overview["links"] = new JsonObject { ["prometheus"] = "javascript:window.caught=1", ["grafana"] = Attack, ["dashboard"] = "https://example.com/\"><script>" };
                overview["instance"] = Attack;
                overview["workers"]![0]!["id"] = Attack;
                await route.FulfillAsync(Json(overview));
            });
        });

        await Expect(page["#runner-table .owner"]).ToHaveTextAsync([Attack, Attack, Attack]);
        await NothingCaughtAsync(page);
        await page.ShowAsync("tasks");
        await Expect(page["#dead .error"]).ToHaveTextAsync(Attack);
        await NothingCaughtAsync(page);
        await page.ShowAsync("health");
        await Expect(page["#about"]).ToContainTextAsync(Attack);
        await Expect(page["#parts"]).ToContainTextAsync(Attack);
        await Expect(page["#links a[target]"]).ToHaveTextAsync(["Aspire dashboard"]);
        await NothingCaughtAsync(page);
    }

    private static JsonObject Runner(string kind, string id) => new()
    {
        ["id"] = id + Attack,
        ["template"] = Attack,
        ["state"] = "leased",
        ["owner"] = new JsonObject { ["kind"] = kind, ["id"] = Attack },
        ["endpoint"] = $"javascript:{Attack}",
        ["containerId"] = Attack,
        ["image"] = Attack,
        ["createdAt"] = "2026-01-01T00:00:00Z",
        ["expiresAt"] = null,
    };

    private static JsonObject Dead() => new()
    {
        ["task_id"] = Attack,
        ["type"] = Attack,
        ["status"] = "failed",
        ["initiated_by"] = Attack,
        ["handled_by"] = Attack,
        ["error"] = Attack,
        ["attempts"] = 1,
        ["created_at"] = "2026-01-01T00:00:00Z",
        ["finished_at"] = "2026-01-01T00:00:01Z",
    };

    private static RouteFulfillOptions Json(JsonNode json) => new() { ContentType = "application/json", Body = json.ToJsonString() };

    private static async Task NothingCaughtAsync(OpenedPage page)
    {
        await Expect(page["main img, main script, main [onerror], main [onload]"]).ToHaveCountAsync(0);
        Assert.True(await page.Page.EvaluateAsync<bool>("() => window.caught === undefined"));
    }
}
