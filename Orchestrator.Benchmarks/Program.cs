using System.Globalization;
using Orchestrator.Benchmarks.HandMade;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Benchmarks.Mining;
using Orchestrator.Benchmarks.Provision;
using Orchestrator.Benchmarks.Scale;
using Orchestrator.Benchmarks.Startup;
using Orchestrator.Benchmarks.Tasks;

const string Usage = """
    Usage: ./orchestrator bench provision|scale|startup|tasks|telemetry|mining|metrics|handmade|all [--quick] [--json FILE] [--write FILE]

      provision   warm and cold provisions and deprovisions on Docker; a burst on the simulated engine
      scale       claims, reconciles and memory with 100 to 100,000 runners of a simulated engine
      startup     process start to ready, and memory with 100 runners known
      tasks       the queue on Redis beside BullMQ (needs redis-server, node and npm), on SQLite beside bare statements
      telemetry   the queue on Redis with telemetry on and off, in turns (needs redis-server)
      mining      double SHA-256 beside the framework's and openssl's; submissions over HTTP on SQLite and Redis
      metrics     our /metrics beside OpenTelemetry's exporter: start, memory, a measurement, a scrape
      handmade    each other hand-made part beside the library's way (needs Docker and runner-image)
      --quick     fewer rounds: for a first look, not for quoting
      --json      the same figures as JSON
      --write     writes them between the marks of a document: docs/performance.md
    """;

if (args is [ListingEngine.Command, var socket, var runners])
{
    await ListingEngine.ServeAsync(socket, int.Parse(runners, CultureInfo.InvariantCulture));
    return 0;
}

if (args is [Variant.Command, var variant])
{
    return await Variant.RunAsync(variant);
}

if (args.Length == 0 || args[0] is not ("provision" or "scale" or "startup" or "tasks" or "telemetry" or "mining" or "metrics" or "handmade" or "all"))
{
    Console.WriteLine(Usage);
    return args is ["--help"] or ["-h"] ? 0 : 2;
}

var quick = args.Contains("--quick");
var json = args.SkipWhile(a => a != "--json").Skip(1).FirstOrDefault();
var document = args.SkipWhile(a => a != "--write").Skip(1).FirstOrDefault();
var report = new Report();

if (args[0] is "provision" or "all")
{
    report.Benchmark = "provision";
    report.Add(await WarmBurst.RunAsync(quick));
    report.AddAll(await WarmOnDocker.RunAsync(quick));
    report.AddAll(await ColdOnDocker.RunAsync(quick));
    report.Add(await DeafOnDocker.RunAsync(quick));
}

if (args[0] is "scale" or "all")
{
    report.Benchmark = "scale";
    report.AddAll(await ClaimScale.RunAsync(quick));
    report.AddAll(await KeptMemory.RunAsync(quick));
    report.AddAll(await ReconcileScale.RunAsync(quick));
}

if (args[0] is "startup" or "all")
{
    report.Benchmark = "startup";
    report.Add(await StartupBenchmark.StartAsync(quick));
    await SleeperImage.MakeAsync();
    report.Add(await StartupBenchmark.MemoryAsync(quick));
}

if (args[0] is "tasks" or "all")
{
    report.Benchmark = "tasks";
    report.AddAll(await RedisBenchmark.RunAsync(quick));
    report.AddAll(await SqliteBenchmark.RunAsync(quick));
}

if (args[0] is "telemetry" or "all")
{
    report.Benchmark = "telemetry";
    report.Add(await TelemetryCost.RunAsync(quick));
}

if (args[0] is "mining" or "all")
{
    report.Benchmark = "mining";
    report.Add(HashingBenchmark.Run(quick));
    report.Add(await SubmissionBenchmark.RunEmbeddedAsync(quick));
    report.Add(await SubmissionBenchmark.RunOnRedisAsync(quick));
}

if (args[0] is "metrics" or "all")
{
    report.Benchmark = "metrics";
    report.AddAll(await VariantBenchmark.MetricsAsync(quick));
    report.AddAll(await MetricsBenchmark.RunAsync(quick));
}

if (args[0] is "handmade" or "all")
{
    report.Benchmark = "handmade";
    report.Add(await AnswerBenchmark.RunAsync(quick));
    report.AddAll(await DeferredBenchmark.RunAsync(quick));
    report.AddAll(await GroupCommitBenchmark.RunAsync(quick));
    report.Add(await VariantBenchmark.OpenApiAsync(quick));
    report.AddAll(await DockerBenchmark.RunAsync(quick));
}

if (json is not null)
{
    await report.WriteJsonAsync(json);
}

if (document is not null)
{
    await report.WriteDocumentAsync(document);
}

return 0;
