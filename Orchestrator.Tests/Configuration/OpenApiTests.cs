using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.ServiceDefaults.Doors;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Configuration;

/// <summary>The OpenAPI document and the file of calls beside the code.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private ApiHost _api = null!;
    private JsonNode _document = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await ApiHost.StartAsync();
        _document = await _api.Sessions.GetAsync("/openapi/v1.json", TestContext.Current.CancellationToken).JsonAsync(200);
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public void Document_EveryCall_IsThereWithSummaryAndExamples()
    {
        var calls = Calls().ToList();

        Assert.Equal(
            [
                "delete /tasks/{taskId}", "delete /{projectId}", "get /", "get /add", "get /api/overview", "get /api/runner",
                "get /api/runner/{sessionId}/logs", "get /audit", "get /health", "get /healthz", "get /machines/list",
                "get /task/{roundNumber}", "get /tasks", "get /tasks/dead",
                "get /tasks/types", "get /tasks/{taskId}/status", "get /valkey_test", "get /whoami", "get /{projectId}",
                "post /api/runner/deprovision", "post /api/runner/drain", "post /api/runner/heartbeat", "post /api/runner/provision",
                "post /api/runner/{sessionId}/exec", "post /audit", "post /destroy", "post /healthz", "post /submission/{roundNumber}",
                "post /task", "post /task/{todoId}",
                "post /tasks/{taskId}/retry",
            ],
            calls.Select(call => call.Name).Order(StringComparer.Ordinal));
        Assert.All(calls, call =>
        {
            Assert.NotEmpty(call.Operation.Text("summary"));
            Assert.NotEmpty(call.Operation["tags"]!.AsArray());
            foreach (var (status, response) in call.Operation["responses"]!.AsObject())
            {
                foreach (var (type, content) in response!["content"]!.AsObject())
                {
                    Assert.True(content!["example"] is not null, $"{call.Name} {status} {type}");
                }
            }
        });
    }

    [Theory]
    [InlineData("post /api/runner/provision")]
    [InlineData("post /api/runner/deprovision")]
    [InlineData("post /api/runner/heartbeat")]
    [InlineData("post /api/runner/{sessionId}/exec")]
    [InlineData("post /destroy")]
    [InlineData("post /task")]
    [InlineData("post /task/{todoId}")]
    [InlineData("post /audit")]
    [InlineData("post /submission/{roundNumber}")]
    public void Document_CallWithABody_ShowsOne(string name)
    {
        var content = Calls().Single(call => call.Name == name).Operation["requestBody"]!["content"]!["application/json"]!;

        Assert.NotNull(content["example"]);
        Assert.NotNull(content["schema"]);
    }

    [Fact]
    public void Document_Servers_NameEveryDoor()
    {
        Assert.Equal(_api.Get<OpenDoors>().AddressOf(Door.Sessions), _document["servers"]![0]!.Text("url"));
        Assert.All(Calls().Where(call => call.Name is "post /destroy" or "get /{projectId}" or "get /machines/list"), call =>
            Assert.Equal(_api.Get<OpenDoors>().AddressOf(Door.Machines), call.Operation["servers"]![0]!.Text("url")));
    }

    [Fact]
    public void HttpFile_EveryCallOfTheDocument_IsInIt()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "Orchestrator.http"))
            .Select(line => Regex.Match(line, "^(GET|POST|DELETE) \\{\\{[a-z]+\\}\\}([^ ?]*)"))
            .Where(match => match.Success)
            .Select(match => $"{match.Groups[1].Value.ToLowerInvariant()} {Regex.Replace(match.Groups[2].Value, "\\{\\{([a-zA-Z]+)\\}\\}", "{$1}")}")
            .ToHashSet();

        Assert.All(Calls(), call => Assert.Contains(call.Name, lines));
    }

    private IEnumerable<(string Name, JsonNode Operation)> Calls() =>
        from path in _document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where operation.Key is "get" or "post" or "put" or "delete" or "patch"
        select ($"{operation.Key} {path.Key}", operation.Value!);
}
