using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orchestrator.Benchmarks.Hosting;

/// <summary>Orchestrator.Api as users run it: Release, embedded, with its own state folder.</summary>
internal sealed partial class OrchestratorServer : IAsyncDisposable
{
    private readonly ServerProcess _server;
    private readonly DirectoryInfo _data;
    private readonly string _instance;

    private OrchestratorServer(ServerProcess server, DirectoryInfo data, string instance, string readyLine)
    {
        _server = server;
        _data = data;
        _instance = instance;
        var urls = Url().Matches(readyLine).Select(m => new Uri(m.Value)).ToArray();
        (Sessions, Machines, Pod) = (urls[0], urls[1], urls[2]);
        Client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) }) { BaseAddress = Sessions };
    }

    public HttpClient Client { get; }

    public Uri Sessions { get; }

    public Uri Machines { get; }

    public Uri Pod { get; }

    /// <summary>The no-op of the same server: the pod's POST /healthz passes the same listener and guards, and does nothing.</summary>
    public Uri NoOp => new(Pod, "/healthz");

    public long ResidentBytes => _server.ResidentBytes;

    public TimeSpan ProcessorTime => _server.ProcessorTime;

    /// <summary>The program that <c>./orchestrator up</c> starts, where the script sets it; else the build beside this program.</summary>
    public static string Dll =>
        Environment.GetEnvironmentVariable("ORCHESTRATOR_PROGRAM") is { Length: > 0 } program
            ? program
            : Path.Combine(AppContext.BaseDirectory, "Orchestrator.Api.dll");

    public static ServerProcess Launch(DirectoryInfo data, string instance, params (string Key, string Value)[] settings) =>
        Launch([Dll], data, instance, settings);

    /// <summary>Starts a program with the calls of Orchestrator.Api.</summary>
    public static ServerProcess Launch(string[] program, DirectoryInfo data, string instance, params (string Key, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["PORT"] = "0",
            ["MACHINES_PORT"] = "0",
            ["POD_PORT"] = "0",
            ["Machines__MinIdle"] = "0",
            ["Runners__Instance"] = instance,
            ["Storage__DataFolder"] = data.FullName,
        };
        foreach (var (key, value) in settings)
        {
            environment[key] = value;
        }

        return ServerProcess.Start(program[0], environment, Ready(), program[1..]);
    }

    public static async Task<OrchestratorServer> StartAsync(string instance, params (string Key, string Value)[] settings)
    {
        var data = Directory.CreateTempSubdirectory("orchestrator-bench-");
        var server = Launch(data, instance, settings);
        return new OrchestratorServer(server, data, instance, await server.ReadyLineAsync());
    }

    /// <summary>Waits until that many runners are idle and none is being created or removed.</summary>
    public async Task WaitForIdleAsync(int count, TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        while (true)
        {
            using var list = JsonDocument.Parse(await Client.GetStringAsync(new Uri(Sessions, "/api/runner"), stop.Token));
            var states = list.RootElement.GetProperty("runners").EnumerateArray().Select(r => r.GetProperty("state").GetString()).ToList();
            if (states.Count(s => s == "idle") >= count && !states.Contains("creating") && !states.Contains("removing"))
            {
                return;
            }

            await Task.Delay(50, stop.Token);
        }
    }

    public Task ProvisionAsync(string session) => PostAsync(new Uri(Sessions, "/api/runner/provision"), session);

    public Task DeprovisionAsync(string session) => PostAsync(new Uri(Sessions, "/api/runner/deprovision"), session);

    public Task NoOpAsync() => PostAsync(NoOp, null);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await RunnerContainers.RemoveAsync(_instance);
        _data.Delete(recursive: true);
    }

    private async Task PostAsync(Uri address, string? session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        if (session is not null)
        {
            request.Headers.Add("X-Session-Id", session);
        }

        using var response = await Client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{address} for {session}: {(int)response.StatusCode} {answer}");
        }
    }

    [GeneratedRegex("Orchestrator is ready:")]
    private static partial Regex Ready();

    [GeneratedRegex(@"http://[^\s,]+")]
    private static partial Regex Url();
}
