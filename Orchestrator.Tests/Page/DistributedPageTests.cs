using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Tests.Page;

/// <summary>The page over two instances and a worker that share a real Redis and a real engine; each call goes to the next instance.</summary>
[Collection(InTheBrowser.Name)]
public sealed class DistributedPageTests(PageWorld world) : IAsyncLifetime
{
    private readonly List<ApiServer> _servers = [];
    private RedisServer? _redis;
    private ServerProgram? _worker;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartNewAsync();
        var redis = $"--ConnectionStrings:redis={_redis.ConnectionString}";
        _servers.Add(await ApiServer.StartAsync(redis));
        _servers.Add(await _servers[0].StartAnotherAsync(redis));
        _worker = await ServerProgram.StartWorkerAsync(_redis.ConnectionString, "--Tasks:Slots=3", $"--Tasks:ApiUrl={_servers[0].Sessions.BaseAddress}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }
        // Both end before anything is cleaned up, or the one would make good what was taken from the other.
        foreach (var server in _servers)
        {
            await server.EndAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task EveryCall_AnsweredByWhoeverItReaches_MakesOneSystem()
    {
        var names = await Task.WhenAll(_servers.Select(async server =>
            (await server.Sessions.GetAsync("/whoami", Cancel).JsonAsync(200)).GetValue<string>()));
        await using var proxy = await PrefixProxy.StartAsync([.. _servers.Select(server => server.Sessions.BaseAddress!)]);
        // The page learns the other instance's secret by its first refusal.
        await using var page = (await world.OpenAsync(proxy.Address)).Expecting("403 (Forbidden)");
        var checkers = new ConcurrentBag<string>();
        page.Page.Response += async (_, response) =>
        {
            if (response.Url.EndsWith("/status", StringComparison.Ordinal) && response.Ok)
            {
                checkers.Add(JsonNode.Parse(await response.TextAsync())!.Text("checked_by"));
            }
        };

        await page.ProvisionAsync("of-both");
        await page.RunAsync("bash", "echo of both");
        await Expect(page.Output).ToHaveTextAsync("of both\n");
        await page.GiveBackAsync();
        await page.ShowAsync("tasks");
        await page["#add button.primary"].ClickAsync();

        var watch = page["#add-watch"];
        await Expect(watch.Locator(".result")).ToHaveTextAsync("42");
        Assert.Contains(await watch.Locator("[data-step=initiated_by] .who").TextContentAsync(), names);
        Assert.DoesNotContain(await watch.Locator("[data-step=handled_by] .who").TextContentAsync(), names);
        await Eventually.TrueAsync(() => names.All(checkers.Contains), what: "A check by either instance");
        await page.ShowAsync("health");
        await Expect(page["#parts .badge"]).ToHaveTextAsync(["up", "up", "up", "up", "up"]);
        await Expect(page["#parts"]).ToContainTextAsync("1 worker, 0 of 3 slots busy");
        await Expect(page["#parts"]).ToContainTextAsync("Redis or Valkey");
    }
}
