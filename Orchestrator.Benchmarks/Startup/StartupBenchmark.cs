using System.Diagnostics;
using System.Text.RegularExpressions;
using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;

namespace Orchestrator.Benchmarks.Startup;

/// <summary>Time from process start to the first successful answer, and memory with 100 runners, beside an empty server.</summary>
internal static partial class StartupBenchmark
{
    private const int Runners = 100;

    private static string EmptyServer => Path.Combine(AppContext.BaseDirectory, "peers", "EmptyServer.dll");

    public static async Task<Comparison> StartAsync(bool quick)
    {
        var rounds = quick ? 8 : 50;
        var ours = new Samples("Orchestrator.Api, embedded: GET /ready");
        var floor = new Samples("empty ASP.NET Core app: GET /");
        for (var round = -1; round < rounds; round++)
        {
            var (one, other) = round < 0 ? (new Samples(""), new Samples("")) : (ours, floor);
            await StartOursAsync(one);
            await StartEmptyAsync(other);
        }

        return new Comparison("Process start to ready", ours, floor, new Goal(50, 2));
    }

    public static async Task<Comparison> MemoryAsync(bool quick)
    {
        var rounds = quick ? 1 : 5;
        var ours = new Samples($"Orchestrator.Api, {Runners} runners known");
        var floor = new Samples("empty ASP.NET Core app");
        for (var round = 0; round < rounds; round++)
        {
            await using (var api = await OrchestratorServer.StartAsync(
                "bench-memory",
                ("Runners__Image", SleeperImage.Name), ("Runners__Ready__Probe", "None"),
                ("Runners__MinIdle", $"{Runners}"), ("Runners__MaxIdle", $"{Runners}"), ("Runners__MaxParallelStarts", "4")))
            {
                await api.WaitForIdleAsync(Runners, TimeSpan.FromMinutes(5));
                await AskAsync(api.Client, new Uri(api.Sessions, "/ready"));
                ours.Add(api.ResidentBytes / 1_048_576.0);
            }

            await using var empty = LaunchEmpty();
            var address = AddressIn(await empty.ReadyLineAsync());
            using var client = new HttpClient();
            await AskAsync(client, address);
            floor.Add(empty.ResidentBytes / 1_048_576.0);
        }

        return new Comparison($"Resident memory with {Runners} runners known", ours, floor, new Goal(50, 2), "MiB");

        // The same number of calls to both, so that neither is measured cold.
        static async Task AskAsync(HttpClient client, Uri address)
        {
            for (var i = 0; i < 1_000; i++)
            {
                using var answer = await client.GetAsync(address);
                await answer.Content.ReadAsByteArrayAsync();
            }
        }
    }

    private static async Task StartOursAsync(Samples samples)
    {
        var data = Directory.CreateTempSubdirectory("orchestrator-bench-");
        await using (var server = OrchestratorServer.Launch(data, "bench-start", ("Runners__MinIdle", "0")))
        {
            await AnsweredAsync(samples, server, line => new Uri(Url().Match(line).Value + "/ready"));
        }

        await RunnerContainers.RemoveAsync("bench-start");
        data.Delete(recursive: true);
    }

    private static async Task StartEmptyAsync(Samples samples)
    {
        await using var server = LaunchEmpty();
        await AnsweredAsync(samples, server, AddressIn);
    }

    private static ServerProcess LaunchEmpty() => ServerProcess.Start(
        EmptyServer, new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["ASPNETCORE_ENVIRONMENT"] = "Development" }, Listening());

    private static Uri AddressIn(string line) => new(Url().Match(line).Value);

    private static async Task AnsweredAsync(Samples samples, ServerProcess server, Func<string, Uri> address)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(address(await server.ReadyLineAsync()));
        answer.EnsureSuccessStatusCode();
        samples.Add(Stopwatch.GetElapsedTime(server.StartedAt));
    }

    [GeneratedRegex("Now listening on:")]
    private static partial Regex Listening();

    [GeneratedRegex(@"http://[^\s,/]+")]
    private static partial Regex Url();
}
