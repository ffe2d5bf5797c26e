using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core.Tasks;
using Orchestrator.ServiceDefaults;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>
/// The same tasks with a service's telemetry and without listeners, in turns: metrics for scraping and by OTLP, traces of
/// every tenth task by OTLP, to a collector that discards everything.
/// </summary>
internal static class TelemetryCost
{
    public static async Task<Comparison> RunAsync(bool quick)
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var collector = await ServeAsync(app => app.MapPost("/{**path}", (HttpContext context) => context.Request.Body.CopyToAsync(Stream.Null)));
        var (rounds, tasks) = quick ? (3, 10_000) : (20, 20_000);
        var (on, off) = (new Samples("telemetry on, traces of 10 %"), new Samples("telemetry off"));

        // The first round is a warm-up; the two alternate in going first.
        for (var round = -1; round < rounds; round++)
        {
            foreach (var watched in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var time = await ServedAsync(watched ? collector.Urls.First() : null, () => WorkAsync(redis, tasks));
                if (round >= 0)
                {
                    (watched ? on : off).Add(time / tasks * 1000);
                }
            }
        }

        return new Comparison("Enqueue and process, 64 producers and slots, a round's mean", on, off, new Goal(50, 1.10), "µs a task");
    }

    // Without a collector it is the same service without listeners.
    private static async Task<double> ServedAsync(string? collector, Func<Task<double>> work)
    {
        await using var service = await ServeAsync(app => app.MapGet("/", () => ""), collector is null ? null : new()
        {
            ["OTEL_SERVICE_NAME"] = "bench",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "5000",
            ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0.1",
        });
        var time = await work();
        await service.StopAsync();
        return time;
    }

    private static async Task<double> WorkAsync(RedisProcess redis, int tasks)
    {
        var options = new RedisOptions { KeyPrefix = $"bench-{Guid.NewGuid():N}" };
        await using var connection = HostlessRedis.Open($"127.0.0.1:{redis.Port}", options);
        var queue = new RedisTaskQueue(connection, new TasksOptions());
        return await QueueRuns.EnqueueAsync(queue, tasks, traced: true) + await QueueRuns.ProcessAsync(queue, tasks);
    }

    private static async Task<WebApplication> ServeAsync(Action<WebApplication> map, Dictionary<string, string?>? telemetry = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (telemetry is not null)
        {
            builder.Configuration.AddInMemoryCollection(telemetry);
            builder.AddServiceDefaults();
        }

        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
