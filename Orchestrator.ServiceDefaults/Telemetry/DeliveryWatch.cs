using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Counts what a collector does not take. The SDK tries once and lets go, so that memory stays bounded: at most 2,048
/// spans and log records wait; what overflows that queue the SDK counts itself, as
/// <c>otel_sdk_processor_*_processed_total{error_type="queue_full"}</c>.
/// </summary>
internal sealed class DeliveryWatch() : DelegatingHandler(new SocketsHttpHandler { ConnectTimeout = ConnectLimit })
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly string[] Signals = ["traces", "metrics", "logs"];
    private static readonly long[] Dropped = new long[Signals.Length];

    // Observed, so that it is told from the start as zero: a rise from nothing to one is no rise to Prometheus.
    static DeliveryWatch() => new Meter(TelemetryNames.Own).CreateObservableCounter(
        "orchestrator_telemetry_dropped_total", Observe,
        description: "Spans, log records and metrics that a collector did not take, and that are lost.");

    /// <summary>Has an exporter's deliveries watched.</summary>
    public static void Over(OtlpExporterOptions options)
    {
        var limit = TimeSpan.FromMilliseconds(options.TimeoutMilliseconds);
        options.HttpClientFactory = () => new HttpClient(new DeliveryWatch()) { Timeout = limit };
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = base.Send(request, cancellationToken);
            if (IsRefused(response))
            {
                Count(request);
            }

            return response;
        }
        catch
        {
            Count(request);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (IsRefused(response))
            {
                Count(request);
            }

            return response;
        }
        catch
        {
            Count(request);
            throw;
        }
    }

    // gRPC refuses with 200 and says so in a header.
    private static bool IsRefused(HttpResponseMessage response) => !response.IsSuccessStatusCode
        || (response.Headers.TryGetValues("grpc-status", out var status) && status.FirstOrDefault() is not "0");

    // As /v1/traces, and as /opentelemetry.proto.collector.trace.v1.TraceService/Export.
    private static void Count(HttpRequestMessage request)
    {
        var path = request.RequestUri?.AbsolutePath ?? "";
        var signal = path.Contains("trace", StringComparison.Ordinal) ? 0 : path.Contains("metrics", StringComparison.Ordinal) ? 1 : 2;
        Interlocked.Add(ref Dropped[signal], OtlpItems.CountIn(request));
    }

    private static IEnumerable<Measurement<long>> Observe() => Signals.Select((signal, index) =>
        new Measurement<long>(Volatile.Read(ref Dropped[index]), new KeyValuePair<string, object?>("signal", signal)));
}
