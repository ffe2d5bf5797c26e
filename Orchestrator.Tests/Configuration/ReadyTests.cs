using System.Text.Json.Nodes;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Configuration;

/// <summary>What <c>/ready</c> proves, and what the engine refuses at the start.</summary>
public sealed class ReadyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_StoreRefusesWrites_IsUnreadyUntilItTakesThem()
    {
        await using var api = await ApiHost.StartAsync();
        var database = api.Get<SqliteDatabase>();
        await database.WriteAsync(static database => Set(database, "ON"), database, Cancel);

        await UntilAsync(api, 503, "store", "unhealthy");

        // A read-only connection can still be told to take writes again.
        Set(database, "OFF");
        await UntilAsync(api, 200, "store", "healthy");
    }

    [Theory]
    [InlineData("Image gone", null)]
    [InlineData("invalid value '64'.", "Limits:Cpus")]
    public async Task Ready_EngineCanStartNoTemplate_IsUnready(string problem, string? setting)
    {
        await using var api = await ApiHost.StartAsync();
        api.Engine.Obstacle = _ => new StartObstacle(problem, setting);

        await UntilAsync(api, 503, "engine", "unhealthy");

        api.Engine.Obstacle = _ => null;
        await UntilAsync(api, 200, "engine", "healthy");
    }

    [Fact]
    public async Task Ready_EngineCanStartSomeTemplates_IsDegraded()
    {
        await using var api = await ApiHost.StartAsync(engine => engine.Obstacle =
            template => template.Name == MachinesOptions.TemplateName ? new StartObstacle("Image gone") : null);

        await UntilAsync(api, 200, "engine", "degraded");
    }

    [Theory]
    [InlineData("session", "Runners:Limits:Cpus")]
    [InlineData("machine", "Machines:Limits:Cpus")]
    [InlineData("python", "Templates:python:Limits:Cpus")]
    public async Task Start_TemplateAsksForMoreThanThereIs_NamesTheSetting(string template, string named)
    {
        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => ApiHost.StartAsync(
            engine => engine.Obstacle = one => one.Name == template ? new StartObstacle("invalid value '64'. The engine has 2 processors.", "Limits:Cpus") : null,
            "--Templates:python:MinIdle=0"));

        Assert.Equal($"{named}: invalid value '64'. The engine has 2 processors.", refusal.Message);
    }

    [Fact]
    public async Task Start_ImageMissing_StartsForItToBeBuilt()
    {
        await using var api = await ApiHost.StartAsync(engine => engine.Obstacle = _ => new StartObstacle("Image gone"));

        await UntilAsync(api, 503, "engine", "unhealthy");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Provision_SaysWhetherTheEngineDoesNotIsolate(bool isolated)
    {
        await using var api = await ApiHost.StartAsync();
        api.Engine.Capabilities = api.Engine.Capabilities with { Isolated = isolated };

        var session = await api.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"a"}""").JsonAsync(201);
        var again = await api.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"a"}""").JsonAsync(200);
        var machine = await api.Machines.GetAsync("/project", Cancel).JsonAsync(200);

        Assert.All((JsonNode[])[session, again, machine], answer =>
        {
            Assert.Equal(!isolated, answer.AsObject().ContainsKey("isolated"));
            Assert.Equal(isolated, (bool?)answer["isolated"] ?? true);
        });
    }

    private static int Set(SqliteDatabase database, string queryOnly)
    {
        database.Writing.Execute($"PRAGMA query_only = {queryOnly}");
        return 0;
    }

    private static Task UntilAsync(ApiHost api, int status, string check, string state) => Eventually.TrueAsync(
        async () =>
        {
            using var answer = await api.Sessions.GetAsync(new Uri("/ready", UriKind.Relative), Cancel);
            var ready = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;
            return (int)answer.StatusCode == status && ready["checks"]!.Text(check) == state;
        },
        TimeSpan.FromSeconds(20), $"{check} to be {state}");
}
