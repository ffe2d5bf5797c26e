using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>A collector that does not take what it is sent, and what becomes of that.</summary>
[Collection(nameof(TelemetryLossTests))]
public sealed class TelemetryLossTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Export_CollectorGone_CountsWhatIsLostAndServesOn(string protocol)
    {
        await using var app = await StartAsync($"http://127.0.0.1:{EndToEnd.FreePorts.Take(1)}", protocol);
        using var client = Client(app);
        var before = await DroppedAsync(client);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("hello", await client.GetStringAsync("/hello", Stop));
        }

        var lost = before;
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal("hello", await client.GetStringAsync("/hello", Stop));
                lost = await DroppedAsync(client);
                return lost["traces"] >= before["traces"] + 5 && lost["logs"] >= before["logs"] + 5 && lost["metrics"] >= before["metrics"] + 5;
            },
            TimeSpan.FromMinutes(2), "Every signal's loss");
    }

    [Fact]
    public async Task Export_CollectorRefuses_CountsItemByItem()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        collector.Status = 503;
        using var watch = new MetricWatch("orchestrator_telemetry_dropped_total");
        var app = await StartAsync(collector.Address, "http/protobuf");
        using var client = Client(app);
        var before = watch.Observe().First(heard => heard.Tags == "signal=traces").Value;
        for (var i = 0; i < 7; i++)
        {
            await client.GetStringAsync("/hello", Stop);
        }

        await app.StopAsync(Stop);
        await app.DisposeAsync();

        // Spans of tests beside this one may have come, too; each that was sent is lost and counted.
        var sent = collector.BodiesOf("/v1/traces").Sum(body => OtlpItems.Count(body, 0));
        Assert.InRange(sent, 7, long.MaxValue);
        Assert.Equal(before + sent, watch.Observe().First(heard => heard.Tags == "signal=traces").Value);
    }

    [Fact]
    public async Task Export_CollectorHangs_KeepsABoundedQueueAndCountsWhatOverflows()
    {
        const int Spans = 10_000;
        var release = new TaskCompletionSource();
        await using var collector = await OtlpReceiver.StartAsync();
        collector.Gate = release.Task;
        await using var app = await StartAsync(collector.Address, "http/protobuf");
        using var client = Client(app);
        using var source = new ActivitySource("Orchestrator");

        for (var i = 0; i < Spans; i++)
        {
            source.StartActivity("flood")?.Dispose();
        }

        var metrics = await client.GetStringAsync("/metrics", Stop);
        release.SetResult();
        var overflowed = Sum(metrics, "otel_sdk_processor_span_processed_total", "error_type=\"queue_full\"");
        // 2,048 wait at most, and one batch of 512 is under way.
        Assert.InRange(overflowed, Spans - 2_048 - 512, double.PositiveInfinity);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("0A04 1202 1200", 1)]
    [InlineData("0A08 1206 1200 1200 1200", 3)]
    [InlineData("0A04 0A02 1200 0A04 1202 1200", 1)]
    [InlineData("0A04 1202 12", 0)]
    [InlineData("0AFFFFFFFFFFFFFFFFFF01", 0)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF", 0)]
    public void Count_ARequest_CountsWhatIsThreeFieldsDeep(string hex, long items) =>
        Assert.Equal(items, OtlpItems.Count(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), 0));

    private static async Task<WebApplication> StartAsync(string endpoint, string protocol)
    {
        var builder = LocalServer.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["Logging:Console:LogLevel:Default"] = "None",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/hello", (ILogger<TelemetryLossTests> logger) =>
        {
#pragma warning disable CA1848 // once, in a test
            logger.LogWarning("hello was asked");
#pragma warning restore CA1848
            return "hello";
        });
        await app.StartAsync(Stop);
        return app;
    }

    private static HttpClient Client(WebApplication app) =>
        new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(app.Urls.First()) };

    private static async Task<Dictionary<string, double>> DroppedAsync(HttpClient client)
    {
        var metrics = await client.GetStringAsync("/metrics", Stop);
        return ((string[])["traces", "metrics", "logs"]).ToDictionary(
            signal => signal, signal => Sum(metrics, "orchestrator_telemetry_dropped_total", $"signal=\"{signal}\""));
    }

    private static double Sum(string metrics, string name, string label)
    {
        var lines = metrics.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        return lines.Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }
}
