using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api;
using Orchestrator.Client;
using Orchestrator.Engines;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>The whole API process on random ports over real sockets, with the real store and, unless told otherwise, a simulated engine.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-api-").FullName;
    private readonly Dictionary<Listener, HttpClient> _clients = [];
    private WebApplication? _app;
    private bool _simulated = true;
    private bool _started;

    /// <summary>The engine behind it.</summary>
    public SimulatedEngine Engine { get; } = new();

    public HttpClient Sessions => Client(Listener.Sessions);

    public HttpClient Machines => Client(Listener.Machines);

    public HttpClient Pod => Client(Listener.Pod);

    /// <summary>Starts it without a pool, so that every runner there is was asked for; settings are as on the command line.</summary>
    public static Task<ApiHost> StartAsync(params string[] settings) => StartAsync(_ => { }, settings);

    /// <summary>Starts it with an engine that was prepared.</summary>
    public static Task<ApiHost> StartAsync(Action<SimulatedEngine> prepare, params string[] settings)
    {
        var host = new ApiHost();
        prepare(host.Engine);
        return StartAsync(host, settings);
    }

    /// <summary>Starts it with runners that are local processes in place of simulated ones.</summary>
    public static Task<ApiHost> StartWithProcessesAsync(params string[] settings)
    {
        Components.RequireLinux();
        Components.RequireSubprocesses();
        return StartAsync(new ApiHost { _simulated = false }, ["--Engine=process", "--RUNNERS_HOST=127.0.0.1", .. settings]);
    }

    private static async Task<ApiHost> StartAsync(ApiHost host, string[] settings)
    {
        try
        {
            host._app = host.Create(settings);
            await OrchestratorProcess.StartAsync(host._app);
            host._started = true;
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A service of it.</summary>
    public T Get<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    public int PortOf(Listener listener) => Get<OpenListeners>().PortOf(listener);

    public HttpClient Client(Listener listener)
    {
        if (!_clients.TryGetValue(listener, out var client))
        {
            client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{PortOf(listener)}"), Timeout = TimeSpan.FromSeconds(30) };
            _clients.Add(listener, client);
        }

        return client;
    }

    /// <summary>A client as programs have it, for the host's addresses.</summary>
    public OrchestratorClient NewClient(Action<OrchestratorClientOptions>? configure = null)
    {
        var options = new OrchestratorClientOptions
        {
            SessionsAddress = new Uri($"http://127.0.0.1:{PortOf(Listener.Sessions)}"),
            MachinesAddress = new Uri($"http://127.0.0.1:{PortOf(Listener.Machines)}"),
        };
        configure?.Invoke(options);
        return new OrchestratorClient(options);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        if (_app is not null)
        {
            if (_started)
            {
                await _app.StopAsync();
            }

            await _app.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private WebApplication Create(string[] settings)
    {
        var builder = ApiProcess.CreateBuilder(
        [
            // An engine's own services, which nothing asks for: the simulated one takes its place.
            "--Engine=docker", "--environment=Development", "--PORT=0", "--MACHINES_PORT=0", "--POD_PORT=0", "--Logging:LogLevel:Default=Error",
            "--Runners:Instance=test", "--Runners:MinIdle=0", "--Machines:MinIdle=0", $"--Storage:DataFolder={_folder}",
            .. settings,
        ]);
        if (!_simulated)
        {
            return ApiProcess.Build(builder);
        }

        builder.Services.AddSingleton(provider => Engine.Connect(ports: provider.GetRequiredService<PublishedPorts>()));
        return ApiProcess.Build(builder);
    }
}

/// <summary>Calls, and what is read from their answers.</summary>
internal static class Calls
{
    /// <summary>Posts JSON as it stands; null posts no body and no Content-Type.</summary>
    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, string? json, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Post, path, json, headers);

    public static Task<HttpResponseMessage> SendAsync(
        this HttpClient client, HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Whether a listener answers; false when it refuses, resets or closes the connection.</summary>
    public static async Task<bool> IsServedAsync(this HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync("/alive", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>The answer's JSON, after its status was looked at.</summary>
    public static async Task<JsonNode> JsonAsync(this Task<HttpResponseMessage> call, int status)
    {
        using var response = await call;
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} instead of {status}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(status != 503 || response.Headers.RetryAfter is not null, $"503 without Retry-After: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Looks at the whole answer: its status, and its JSON as it stands, whatever the spaces.</summary>
    public static async Task AnswersAsync(this Task<HttpResponseMessage> call, int status, string json)
    {
        var answer = await call.JsonAsync(status);
        Assert.Equal(JsonNode.Parse(json)!.ToJsonString(), answer.ToJsonString());
    }

    /// <summary>Looks at the status, and at the code of an error in the contract's shape or, where it is told in words, beside them.</summary>
    public static async Task<JsonNode> FailsAsync(this Task<HttpResponseMessage> call, int status, string error)
    {
        var answer = await call.JsonAsync(status);
        Assert.Equal(error, (answer["code"] ?? answer["error"])?.GetValue<string>());
        return answer;
    }

    public static string Text(this JsonNode node, string name) => node[name]!.GetValue<string>();
}
