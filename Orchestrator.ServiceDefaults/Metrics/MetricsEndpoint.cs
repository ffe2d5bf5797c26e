using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Orchestrator.ServiceDefaults.Telemetry;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary><c>GET /metrics</c>: everything this process measures, for Prometheus to scrape.</summary>
internal static class MetricsEndpoint
{
    public static async Task GetAsync(HttpContext context)
    {
        var collector = context.RequestServices.GetRequiredService<MetricsCollector>();
        var identity = context.RequestServices.GetRequiredService<ServiceIdentity>();
        var openMetrics = PrefersOpenMetrics(context.Request.Headers.Accept);
        context.Response.ContentType = openMetrics
            ? TextFormatWriter.OpenMetricsContentType
            : TextFormatWriter.PrometheusContentType;
        context.Response.Headers.CacheControl = "no-store";

        var target = LabelSet.Render(
        [
            new("service_name", identity.Name),
            new("service_instance_id", identity.InstanceId),
            new("service_version", identity.Version),
        ]);
        // Rendering only fills the response's buffer, so a slow scraper delays no other.
        await collector.ScrapeAsync(
            families =>
            {
                var writer = new TextFormatWriter(context.Response.BodyWriter, openMetrics);
                writer.WriteTarget(target);
                writer.Write(families);
                writer.WriteEnd();
            },
            context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    internal static bool PrefersOpenMetrics(IList<string?> accept)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var types))
        {
            return false;
        }

        var best = types.Where(type => type.Quality is not 0).MaxBy(type => type.Quality ?? 1);
        return best is { MediaType.Value: "application/openmetrics-text" };
    }
}
