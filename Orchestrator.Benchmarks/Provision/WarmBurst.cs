using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>Fifty callers at once on a large enough pool of the simulated engine, beside as many no-op POSTs.</summary>
internal static class WarmBurst
{
    private const int Callers = 50;

    public static async Task<Comparison> RunAsync(bool quick)
    {
        var rounds = quick ? 20 : 100;
        var ours = new Samples("POST /api/runner/provision, warm");
        var floor = new Samples("POST /healthz, the same server");
        var data = Directory.CreateTempSubdirectory("orchestrator-bench-");
        var engine = new SimulatedEngine();

        // The log is written as usual, but away from the figures.
        var output = Console.Out;
        await using var log = new StreamWriter("/dev/null") { AutoFlush = true };
        Console.SetOut(log);
        var builder = Api.ApiProcess.CreateBuilder(
            [
                "--Engine=docker", $"--Storage:DataFolder={data.FullName}", "--environment=Development", "--PORT=0", "--MACHINES_PORT=0", "--POD_PORT=0", "--Machines:MinIdle=0",
                "--Runners:Instance=bench-burst", $"--Runners:MinIdle={2 * Callers}", $"--Runners:MaxIdle={4 * Callers}", "--Runners:MaxParallelStarts=16",
            ]);
        builder.Services.AddSingleton(engine.Connect());
        await using var app = Api.ApiProcess.Build(builder);
        await app.StartAsync();
        var listeners = app.Services.GetRequiredService<OpenListeners>();
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4 * Callers });
        var (provision, release, noOp) = (
            new Uri($"http://127.0.0.1:{listeners.PortOf(Listener.Sessions)}/api/runner/provision"),
            new Uri($"http://127.0.0.1:{listeners.PortOf(Listener.Sessions)}/api/runner/deprovision"),
            new Uri($"http://127.0.0.1:{listeners.PortOf(Listener.Pod)}/healthz"));

        for (var round = -10; round < rounds; round++)
        {
            while (engine.Runners.Count < 2 * Callers)
            {
                await Task.Delay(5);
            }

            // The refills have ended, so only the claim is timed.
            await Task.Delay(20);
            var (one, other) = round < 0 ? (new Samples(""), new Samples("")) : (ours, floor);
            if (round % 2 == 0)
            {
                await BurstAsync(other, noOp);
            }

            await BurstAsync(one, provision);
            if (round % 2 != 0)
            {
                await BurstAsync(other, noOp);
            }

            await BurstAsync(new Samples(""), release);
        }

        await app.StopAsync();
        Console.SetOut(output);
        data.Delete(recursive: true);
        return new Comparison("Warm provision over HTTP, 50 callers at once, simulated engine, durable in SQLite", ours, floor, new Goal(99, 5));

        Task BurstAsync(Samples samples, Uri address) => Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => samples.TimeAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Headers = { { "X-Session-Id", $"caller-{caller}" } } };
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        })));
    }
}
