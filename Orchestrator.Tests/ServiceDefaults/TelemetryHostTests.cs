using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Orchestrator.Tests.ServiceDefaults;

/// <summary>What the product relies on when it adds telemetry to a host, whichever flavour the package is of.</summary>
public sealed class TelemetryHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddOpenTelemetry_OnceTheHostStarts_CollectsUntilItIsDisposed()
    {
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using var meter = new Meter(source.Name);
        using var spans = new Collector<Activity>();
        using var points = new Collector<Metric>();
        var counter = meter.CreateCounter<int>("count");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("orchestrator-tests"))
            .WithTracing(tracing => tracing.AddSource(source.Name).AddProcessor(new SimpleActivityExportProcessor(spans)))
            .WithMetrics(metrics => metrics.AddMeter(meter.Name).AddReader(new BaseExportingMetricReader(points)))
            .WithTracing();
        var host = builder.Build();
        Assert.False(source.HasListeners());

        await host.StartAsync(Cancel);
        source.StartActivity("work")?.Dispose();
        counter.Add(3);
        await host.StopAsync(Cancel);
        host.Dispose();

        Assert.Equal("work", Assert.Single(spans.Seen).DisplayName);
        Assert.Equal("count", Assert.Single(points.Seen).Name);
        Assert.Equal("orchestrator-tests", spans.ServiceName);
        Assert.False(source.HasListeners());
    }

    [Fact]
    public async Task AddOpenTelemetry_Twice_StartsOnceAndBeforeEveryOtherService()
    {
        using var source = new ActivitySource($"test-{Guid.NewGuid():N}");
        using var spans = new Collector<Activity>();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostedService>(new Worker(source));
        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(source.Name));
        builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddProcessor(new SimpleActivityExportProcessor(spans)));
        using var host = builder.Build();

        await host.StartAsync(Cancel);

        Assert.Equal("started", Assert.Single(spans.Seen).DisplayName);
        Assert.Equal(2, host.Services.GetServices<IHostedService>().Count());
    }

    private sealed class Worker(ActivitySource source) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            source.StartActivity("started")?.Dispose();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>An exporter that keeps what it is given.</summary>
    private sealed class Collector<T> : BaseExporter<T>
        where T : class
    {
        public List<T> Seen { get; } = [];

        public object? ServiceName { get; private set; }

        public override ExportResult Export(in Batch<T> batch)
        {
            foreach (var item in batch)
            {
                Seen.Add(item);
            }

            ServiceName = ParentProvider.GetResource().Attributes.FirstOrDefault(attribute => attribute.Key == "service.name").Value;
            return ExportResult.Success;
        }
    }
}
