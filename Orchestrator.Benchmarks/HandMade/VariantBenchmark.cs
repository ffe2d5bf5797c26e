using System.Diagnostics;
using System.Text.RegularExpressions;
using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>The savings of a hand-made part in Orchestrator.Api as a whole: its start, its memory, its calls. In turns.</summary>
internal static partial class VariantBenchmark
{
    private const string Instance = "bench-variant";

    // The settings of Orchestrator.Api's own build.
    private static readonly (string, string)[] Runtime =
        [("DOTNET_TieredPGO", "0"), ("DOTNET_GCgen0MaxBudget", "800000"), ("Runners__MinIdle", "0")];

    // This program compiled ahead of time, as up runs Orchestrator.Api, where the script sets it.
    private static string Dll =>
        Environment.GetEnvironmentVariable("ORCHESTRATOR_VARIANTS") is { Length: > 0 } program
            ? program
            : Path.Combine(AppContext.BaseDirectory, "Orchestrator.Benchmarks.dll");

    /// <summary>Start and memory with our metrics, and with OpenTelemetry's.</summary>
    public static async Task<IReadOnlyList<Comparison>> MetricsAsync(bool quick)
    {
        var (ours, library) = (new Figures("MetricsCollector"), new Figures("OpenTelemetry"));
        await InTurnsAsync(
            quick ? 5 : 30,
            counted => RunAsync(Variant.AsItIs, counted ? ours : null, "/metrics"),
            counted => RunAsync(Variant.LibraryMetrics, counted ? library : null, Variant.LibraryMetricsPath));
        return
        [
            .. Starts("Metrics", ours, library),
            Comparison.Part("Resident memory of Orchestrator.Api after 20 scrapes", ours.Memory, library.Memory, "MiB"),
        ];
    }

    /// <summary>One call of the OpenAPI document, ours and MapOpenApi's, of the same process.</summary>
    public static async Task<Comparison> OpenApiAsync(bool quick)
    {
        var (ours, library) = (new Samples("OpenApiFile"), new Samples("MapOpenApi"));
        await WithServerAsync(Variant.LibraryOpenApi, async (_, client) =>
        {
            await InTurnsAsync(
                quick ? 20 : 200,
                counted => CallAsync("/openapi/v1.json", counted ? ours : null),
                counted => CallAsync(Variant.LibraryOpenApiPath, counted ? library : null));

            async Task CallAsync(string path, Samples? samples)
            {
                var began = Stopwatch.GetTimestamp();
                await client.GetByteArrayAsync(path);
                samples?.Add(Stopwatch.GetElapsedTime(began));
            }
        });
        return Comparison.Part("The OpenAPI document over HTTP", ours, library, "ms");
    }

    // Other load on the machine stretches the elapsed time, but hardly the processor time.
    private static IEnumerable<Comparison> Starts(string part, Figures ours, Figures library) =>
    [
        Comparison.Part($"{part}: start of Orchestrator.Api to ready", ours.Start, library.Start, "ms"),
        Comparison.Part($"{part}: processor time of that start", ours.Processor, library.Processor, "ms"),
    ];

    // The first round has a cold file cache and is not counted; the two alternate in going first.
    private static async Task InTurnsAsync(int rounds, params Func<bool, Task>[] all)
    {
        for (var round = -1; round < rounds; round++)
        {
            for (var turn = 0; turn < all.Length; turn++)
            {
                await all[(turn + round + 1) % all.Length](round >= 0);
            }
        }
    }

    private static Task RunAsync(string variant, Figures? figures, string metrics) => WithServerAsync(variant, async (server, client) =>
    {
        await client.GetByteArrayAsync("/ready");
        figures?.Start.Add(Stopwatch.GetElapsedTime(server.StartedAt));
        figures?.Processor.Add(server.ProcessorTime);
        await UseAsync(client, metrics);
        figures?.Memory.Add(server.ResidentBytes / 1_048_576.0);
    });

    private static async Task WithServerAsync(string variant, Func<ServerProcess, HttpClient, Task> measure)
    {
        var data = Directory.CreateTempSubdirectory("orchestrator-bench-");
        await using (var server = OrchestratorServer.Launch([Dll, Variant.Command, variant], data, Instance, Runtime))
        {
            using var client = new HttpClient();
            client.BaseAddress = new Uri(Url().Match(await server.ReadyLineAsync()).Value);
            await measure(server, client);
        }

        await RunnerContainers.RemoveAsync(Instance);
        data.Delete(recursive: true);
    }

    private static async Task UseAsync(HttpClient client, string metrics)
    {
        for (var scrape = 0; scrape < 20; scrape++)
        {
            for (var call = 0; call < 50; call++)
            {
                await client.GetByteArrayAsync("/ready");
            }

            await client.GetByteArrayAsync(metrics);
        }
    }

    private sealed class Figures(string name)
    {
        public Samples Start { get; } = new(name);

        public Samples Processor { get; } = new(name);

        public Samples Memory { get; } = new(name);
    }

    [GeneratedRegex(@"http://[^\s,/]+")]
    private static partial Regex Url();
}
