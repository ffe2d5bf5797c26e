using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Metrics;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Telemetry for collectors: OTLP to <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, metrics also to <c>Prometheus:OtlpEndpoint</c>.
/// Where neither is set, OpenTelemetry is not started and costs nothing.
/// </summary>
internal static class TelemetryExtensions
{
    private const string PrometheusExporter = "prometheus";

    public static void AddTelemetry(this IHostApplicationBuilder builder, ServiceIdentity identity)
    {
        ExporterSettings.Check(builder.Configuration);
        builder.Services.AddOptions<PrometheusOptions>().BindConfiguration(PrometheusOptions.Section).ValidateSettings(PrometheusOptions.Section);
        var otlp = !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var prometheus = PrometheusEndpoint(builder.Configuration);
        if (!otlp && prometheus is null)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry();
        telemetry.ConfigureResource(resource => resource.AddService(
            identity.Name, serviceVersion: identity.Version, serviceInstanceId: identity.InstanceId));
        telemetry.WithMetrics(metrics => AddMetrics(metrics, otlp, prometheus));
        if (!otlp)
        {
            return;
        }

        telemetry.WithTracing(tracing => tracing
            .AddSource(TelemetryNames.Own)
            .AddAspNetCoreInstrumentation(options => options.Filter = context => !TelemetryNames.IsProbe(context.Request.Path))
            .AddHttpClientInstrumentation()
            .AddProcessor<BackgroundRedisFilter>()
            .AddOtlpExporter(DeliveryWatch.Over));
        telemetry.WithLogging(
            logging => logging.AddOtlpExporter(DeliveryWatch.Over),
            options =>
            {
                options.IncludeScopes = true;
                options.IncludeFormattedMessage = true;
            });
    }

    /// <summary>
    /// The address of Prometheus' OTLP receiver, configured with or without the signal's path. Null where it is not set, or
    /// is invalid, which fails validation at start.
    /// </summary>
    internal static Uri? PrometheusEndpoint(IConfiguration configuration)
    {
        var text = configuration[$"{PrometheusOptions.Section}:{nameof(PrometheusOptions.OtlpEndpoint)}"];
        if (string.IsNullOrWhiteSpace(text) || !new HttpAddressAttribute().IsValid(text))
        {
            return null;
        }

        var address = new Uri(text);

        var path = address.AbsolutePath.TrimEnd('/');
        if (path.Length == 0)
        {
            path = "/api/v1/otlp";
        }

        if (!path.EndsWith("/v1/metrics", StringComparison.Ordinal))
        {
            path += "/v1/metrics";
        }

        return new UriBuilder(address) { Path = path }.Uri;
    }

    private static void AddMetrics(MeterProviderBuilder metrics, bool otlp, Uri? prometheus)
    {
        metrics
            .AddMeter(TelemetryNames.Own, TelemetryNames.SdkMeter)
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddRuntimeInstrumentation()
            .AddView(ViewOf);
        if (otlp)
        {
            metrics.AddOtlpExporter(DeliveryWatch.Over);
        }

        if (prometheus is null)
        {
            return;
        }

        metrics.AddOtlpExporter(PrometheusExporter, (exporter, reader) =>
        {
            exporter.Endpoint = prometheus;
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            // The collector's headers may hold its key, which Prometheus must not get.
            exporter.Headers = null;
            DeliveryWatch.Over(exporter);
            reader.TemporalityPreference = MetricReaderTemporalityPreference.Cumulative;
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 5_000;
        });
    }

    internal static MetricStreamConfiguration? ViewOf(Instrument instrument)
    {
        var keys = instrument.Meter.Name == TelemetryNames.HttpClientMeter ? TelemetryNames.HttpClientTags : null;
        var type = instrument.GetType();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Histogram<>))
        {
            return new ExplicitBucketHistogramConfiguration { Boundaries = BucketBounds.For(instrument), TagKeys = keys };
        }

        return keys is null ? null : new MetricStreamConfiguration { TagKeys = keys };
    }
}
