using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using Orchestrator.Api;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Metrics;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>Orchestrator.Api with one hand-made part replaced by the library's, as a separate process.</summary>
internal static class Variant
{
    public const string Command = "variant";
    public const string AsItIs = "as-it-is";
    public const string LibraryMetrics = "library-metrics";
    public const string LibraryOpenApi = "library-openapi";

    /// <summary>The path of the document of <see cref="LibraryOpenApi"/>.</summary>
    public const string LibraryOpenApiPath = "/library-openapi/v1.json";

    /// <summary>The path of the metrics of <see cref="LibraryMetrics"/>; /metrics is mapped already.</summary>
    public const string LibraryMetricsPath = "/library-metrics";

    /// <summary>Serves until it is stopped.</summary>
    public static Task<int> RunAsync(string name) => OrchestratorProcess.RunAsync(() => CreateBuilder(name), builder => Build(builder, name));

    private static WebApplicationBuilder CreateBuilder(string name)
    {
        var builder = ApiProcess.CreateBuilder([]);
        if (name == LibraryMetrics)
        {
            builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(MetricsStarter)));
            AddLibraryMetrics(builder.Services, TelemetryNames.Meters);
        }

        return builder;
    }

    private static WebApplication Build(WebApplicationBuilder builder, string name)
    {
        var app = ApiProcess.Build(builder);
        if (name == LibraryMetrics)
        {
            app.MapPrometheusScrapingEndpoint(LibraryMetricsPath);
        }
        else if (name == LibraryOpenApi)
        {
            app.MapOpenApi("/library-openapi/{documentName}.json");
        }

        return app;
    }

    /// <summary>OpenTelemetry's SDK and its exporter, set up to export the same as ours, without a response cache.</summary>
    public static void AddLibraryMetrics(IServiceCollection services, params string[] meters) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(meters)
        .AddView(TelemetryExtensions.ViewOf)
        .AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 0));
}
