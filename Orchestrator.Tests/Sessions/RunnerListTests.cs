using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary><c>GET /api/runner</c> in pages.</summary>
public sealed class RunnerListTests
{
    [Fact]
    public async Task List_InPages_GivesEveryRunnerOnceOldestFirst()
    {
        await using var api = await ApiHost.StartAsync("--Templates:python:MinIdle=3");
        await Eventually.TrueAsync(() => api.Engine.Runners.Count == 3);
        for (var i = 0; i < 8; i++)
        {
            await api.Sessions.PostAsync("/api/runner/provision", $$"""{"sessionId":"s{{i}}"}""").JsonAsync(201);
        }

        var all = (await ListAsync(api, ""))["runners"]!.AsArray().Select(runner => runner!.Text("id")).ToList();
        List<string> paged = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await ListAsync(api, $"?limit=4&cursor={cursor}");
            paged.AddRange(page["runners"]!.AsArray().Select(runner => runner!.Text("id")));
            cursor = page["next"]?.GetValue<string>();
        }

        Assert.Equal(11, all.Count);
        Assert.Equal(all, paged);
        Assert.Equal(8, (await ListAsync(api, "?state=leased&template=session"))["runners"]!.AsArray().Count);
        Assert.Empty((await ListAsync(api, "?state=leased&template=python"))["runners"]!.AsArray());
        Assert.Equal(11, (await api.NewClient().Sessions.ListAsync(TestContext.Current.CancellationToken)).Count);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=many")]
    [InlineData("cursor=nothing")]
    [InlineData("cursor=1-a/b")]
    [InlineData("state=Leased")]
    [InlineData("state=lost")]
    public async Task List_WrongQuery_Is400(string query)
    {
        await using var api = await ApiHost.StartAsync();

        await api.Sessions.SendAsync(HttpMethod.Get, $"/api/runner?{query}").FailsAsync(400, "FIELD_INVALID");
    }

    private static Task<JsonNode> ListAsync(ApiHost api, string query) =>
        api.Sessions.SendAsync(HttpMethod.Get, $"/api/runner{query}").JsonAsync(200);
}
