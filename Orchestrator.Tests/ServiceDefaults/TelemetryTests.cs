using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.ServiceDefaults;
using Orchestrator.ServiceDefaults.Telemetry;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.ServiceDefaults;

public sealed class TelemetryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddServiceDefaults_WithACollector_SendsTracesMetricsAndLogs()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await ServeAsync(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "tested",
        });

        var traces = collector.Of("/v1/traces");
        Assert.Contains("tested", traces, StringComparison.Ordinal);
        Assert.Contains("/hello", traces, StringComparison.Ordinal);
        Assert.Contains("own work", traces, StringComparison.Ordinal);
        // Behind an address it is another test's client, since tracing listens to the whole process.
        Assert.DoesNotMatch("(?<!:[0-9]+)/alive", traces);
        Assert.Contains("http.server.request.duration", collector.Of("/v1/metrics"), StringComparison.Ordinal);
        Assert.Contains("orchestrator_test_seconds", collector.Of("/v1/metrics"), StringComparison.Ordinal);
        Assert.Contains("hello was asked", collector.Of("/v1/logs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddServiceDefaults_WithPrometheus_PushesMetricsOnlyAndNoOneElsesKey()
    {
        await using var prometheus = await OtlpReceiver.StartAsync();
        await using var collector = await OtlpReceiver.StartAsync();
        await ServeAsync(new()
        {
            ["Prometheus:OtlpEndpoint"] = prometheus.Address,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=secret",
        });

        Assert.Contains("orchestrator_test_seconds", prometheus.Of("/api/v1/otlp/v1/metrics"), StringComparison.Ordinal);
        Assert.Equal([null], prometheus.KeysOf("/api/v1/otlp/v1/metrics"));
        Assert.Equal("", prometheus.Of("/v1/traces"));
        Assert.Equal(["secret"], collector.KeysOf("/v1/metrics"));
    }

    [Theory]
    [InlineData("http://host:9090", "http://host:9090/api/v1/otlp/v1/metrics")]
    [InlineData("http://host:9090/api/v1/otlp/", "http://host:9090/api/v1/otlp/v1/metrics")]
    [InlineData("https://host/prom/api/v1/otlp/v1/metrics", "https://host/prom/api/v1/otlp/v1/metrics")]
    [InlineData(" ", null)]
    public void PrometheusEndpoint_OfTheSetting_NamesTheMetricsPath(string setting, string? expected) =>
        Assert.Equal(expected, TelemetryExtensions.PrometheusEndpoint(With(setting))?.AbsoluteUri.Replace("https://host:443", "https://host", StringComparison.Ordinal));

    [Theory]
    [InlineData("host:9090")]
    [InlineData("/metrics")]
    [InlineData("ftp://host")]
    public async Task PrometheusEndpoint_NoHttpAddress_EndsTheStartAndNamesTheSetting(string setting)
    {
        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => ServeAsync(new() { ["Prometheus:OtlpEndpoint"] = setting }));

        Assert.StartsWith($"Prometheus:OtlpEndpoint: invalid value '{setting}'.", wrong.Message, StringComparison.Ordinal);
    }

    private static IConfiguration With(string endpoint) => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Prometheus:OtlpEndpoint"] = endpoint })
        .Build();

    // Stopping the application sends what is left.
    private static async Task ServeAsync(Dictionary<string, string?> settings)
    {
        var builder = LocalServer.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        await using var app = builder.Build();
        using var source = new ActivitySource("Orchestrator");
        var meter = app.Services.GetRequiredService<IMeterFactory>().Create("Orchestrator");
        var histogram = meter.CreateHistogram<double>("orchestrator_test_seconds");
        app.MapDefaultEndpoints();
        app.MapGet("/hello", (HttpContext context, ILogger<TelemetryTests> logger) =>
        {
            using var work = source.StartActivity("own work");
            histogram.Record(0.1);
#pragma warning disable CA1848 // once, in a test
            logger.LogWarning("hello was asked");
#pragma warning restore CA1848
            return "hello";
        });
        await app.StartAsync(Stop);
        // A client outside of what is traced: its own spans would name every path.
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(app.Urls.First()) };
        await client.GetStringAsync("/hello", Stop);
        await client.GetStringAsync("/alive", Stop);
        await app.StopAsync(Stop);
    }
}
