using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.ServiceDefaults.Health;
using Orchestrator.ServiceDefaults.Logging;
using Orchestrator.ServiceDefaults.Metrics;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.ServiceDefaults;

/// <summary>The common services of every process: telemetry, health, a readable console.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Adds <see cref="TimeProvider"/>, <see cref="ServiceIdentity"/>, metrics for scraping, OTLP where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> or <c>Prometheus:OtlpEndpoint</c> is set, health checks and the console's
    /// format. Call it first: earlier measurements are not counted.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var identity = ServiceIdentity.From(builder);
        builder.Services.AddSingleton(identity);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new MetricsCollector(
            services.GetService<IMeterFactory>(), services.GetRequiredService<ILogger<MetricsCollector>>()));
        builder.Services.AddHostedService<MetricsStarter>();
        builder.Services.AddHealth();
        builder.AddConsoleLines();
        builder.AddTelemetry(identity);
        return builder;
    }

    /// <summary>
    /// Maps <c>/alive</c>, <c>/ready</c> (checks tagged <c>ready</c>; 503 while one is unhealthy) and <c>/metrics</c>
    /// (Prometheus' text format) on every listener.
    /// </summary>
    public static IEndpointRouteBuilder MapDefaultEndpoints(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        endpoints.MapHealth();
        var metrics = endpoints.MapProbe("/metrics", MetricsEndpoint.GetAsync);
        if (endpoints.ServiceProvider.GetService<SecurityOptions>() is { AnonymousMetrics: true })
        {
            metrics.AllowAnonymous();
        }

        return endpoints;
    }
}
