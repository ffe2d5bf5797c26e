using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.ServiceDefaults.Listeners;
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
                "delete /api/runner/{sessionId}/files", "delete /api/runner/{sessionId}/processes/{pid}",
                "delete /tasks/{taskId}", "delete /{projectId}", "get /", "get /add", "get /api/overview", "get /api/runner",
                "get /api/runner/{sessionId}/files", "get /api/runner/{sessionId}/files/list", "get /api/runner/{sessionId}/files/watch",
                "get /api/runner/{sessionId}/logs", "get /api/runner/{sessionId}/processes",
                "get /api/runner/{sessionId}/processes/{pid}/output", "get /api/runner/{sessionId}/terminal", "get /audit", "get /health", "get /healthz", "get /machines/list",
                "get /task/{id}", "get /tasks", "get /tasks/dead",
                "get /tasks/types", "get /tasks/{taskId}/status", "get /valkey_test", "get /whoami", "get /{projectId}",
                "post /api/runner/deprovision", "post /api/runner/drain", "post /api/runner/heartbeat", "post /api/runner/provision",
                "post /api/runner/{sessionId}/exec", "post /api/runner/{sessionId}/files/directory", "post /api/runner/{sessionId}/files/link",
                "post /api/runner/{sessionId}/files/move", "post /api/runner/{sessionId}/processes/{pid}/input", "post /audit", "post /destroy", "post /healthz", "post /submission/{roundNumber}",
                "post /task", "post /task/{id}",
                "post /tasks/{taskId}/retry", "put /api/runner/{sessionId}/files",
            ],
            calls.Select(call => call.Name).Order(StringComparer.Ordinal));
        Assert.All(calls, call =>
        {
            Assert.NotEmpty(call.Operation.Text("summary"));
            Assert.NotEmpty(call.Operation["tags"]!.AsArray());
            foreach (var (status, response) in call.Operation["responses"]!.AsObject())
            {
                if (status is "101" or "204")
                {
                    continue;
                }

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
    [InlineData("post /task/{id}")]
    [InlineData("post /audit")]
    [InlineData("post /submission/{roundNumber}")]
    public void Document_CallWithABody_ShowsOne(string name)
    {
        var content = Calls().Single(call => call.Name == name).Operation["requestBody"]!["content"]!["application/json"]!;

        Assert.NotNull(content["example"]);
        Assert.NotNull(content["schema"]);
    }

    [Fact]
    public void Document_Servers_NameEveryListener()
    {
        Assert.Equal(_api.Get<OpenListeners>().AddressOf(Listener.Sessions), _document["servers"]![0]!.Text("url"));
        Assert.All(Calls().Where(call => call.Name is "post /destroy" or "get /{projectId}" or "get /machines/list"), call =>
            Assert.Equal(_api.Get<OpenListeners>().AddressOf(Listener.Machines), call.Operation["servers"]![0]!.Text("url")));
    }

    [Fact]
    public void HttpFile_EveryCallOfTheDocument_IsInIt()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "Orchestrator.http"))
            .Select(line => Regex.Match(line, "^(GET|POST|PUT|DELETE) \\{\\{[a-z]+\\}\\}([^ ?]*)"))
            .Where(match => match.Success)
            .Select(match => $"{match.Groups[1].Value.ToLowerInvariant()} {Regex.Replace(match.Groups[2].Value, "\\{\\{[a-zA-Z]+\\}\\}", "{}")}")
            .ToHashSet();

        Assert.All(Calls(), call => Assert.Contains(WithoutNames(call.Name), lines));
    }

    [Fact]
    public void Document_Paths_AreNoTwoOfOneShape()
    {
        var paths = _document["paths"]!.AsObject().Select(path => WithoutNames(path.Key)).ToList();

        Assert.Equal(paths.Distinct(), paths);
    }

    [Fact]
    public void Document_Calls_HaveNamesOfTheirOwn()
    {
        var names = Calls().Select(call => call.Operation.Text("operationId")).ToList();

        Assert.All(names, Assert.NotEmpty);
        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public void Document_CallWithABody_TellsItsLimit() =>
        Assert.All(Calls().Where(call => call.Operation["requestBody"]?["content"]?["application/json"] is not null), call => Assert.NotNull(call.Operation["responses"]!["413"]));

    [Fact]
    public void Document_Exec_TellsItsEventsAndItsFailures()
    {
        var exec = Calls().Single(call => call.Name == "post /api/runner/{sessionId}/exec").Operation["responses"]!.AsObject();

        Assert.Equal(["200", "202", "400", "404", "413", "429", "500", "501", "502", "503"], exec.Select(response => response.Key).Order());
        var events = exec["200"]!["content"]!["text/event-stream"]!["example"]!.GetValue<string>();
        Assert.Contains("event: stdout\ndata: ", events, StringComparison.Ordinal);
        Assert.EndsWith("}\n\n", events, StringComparison.Ordinal);
        Assert.NotNull(exec["200"]!["content"]!["application/json"]!["example"]);
    }

    [Fact]
    public async Task Document_WithKeys_TellsWhichCallsNeedOne()
    {
        await using var api = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", "--Security:Listen=loopback");
        var document = await api.Sessions.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, ("X-Api-Key", "a-key-of-the-operator")).JsonAsync(200);

        var scheme = document["components"]!["securitySchemes"]!["ApiKey"]!;
        Assert.Equal(("apiKey", "header", "X-Api-Key"), (scheme.Text("type"), scheme.Text("in"), scheme.Text("name")));
        Assert.NotNull(document["paths"]!["/api/runner"]!["get"]!["security"]![0]!["ApiKey"]);
        Assert.NotNull(document["paths"]!["/api/runner"]!["get"]!["responses"]!["401"]);
        Assert.Null(document["paths"]!["/health"]!["get"]!["security"]);
        Assert.Null(_document["paths"]!["/api/runner"]!["get"]!["security"]);
    }

    [Fact]
    public async Task Document_AskedForAgain_IsTheSameOne()
    {
        var file = _api.Get<Api.OpenApi.OpenApiFile>();

        Assert.Same(await file.ReadAsync(TestContext.Current.CancellationToken), await file.ReadAsync(TestContext.Current.CancellationToken));
    }

    private static string WithoutNames(string path) => Regex.Replace(path, "\\{[a-zA-Z]+\\}", "{}");

    private IEnumerable<(string Name, JsonNode Operation)> Calls() =>
        from path in _document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where operation.Key is "get" or "post" or "put" or "delete" or "patch"
        select ($"{operation.Key} {path.Key}", operation.Value!);
}
