using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Counts the items that a collector does not accept. The SDK makes one attempt and drops them, so that memory stays
/// bounded: at most 2,048 spans and log records wait; the SDK itself counts the overflow of that queue, as
/// <c>otel_sdk_processor_*_processed_total{error_type="queue_full"}</c>.
/// </summary>
internal sealed class DeliveryWatch() : DelegatingHandler(new SocketsHttpHandler { ConnectTimeout = ConnectLimit })
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly string[] Signals = ["traces", "metrics", "logs"];
    private static readonly long[] Dropped = new long[Signals.Length];

    // Observable, so that it reports zero from the start: to Prometheus a rise from nothing to one is none.
    static DeliveryWatch() => new Meter(TelemetryNames.Own).CreateObservableCounter(
        "orchestrator_telemetry_dropped_total", Observe,
        description: "Spans, log records and metrics that a collector did not take, and that are lost.");

    /// <summary>Watches an exporter's deliveries.</summary>
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

    // gRPC refuses with 200 and a header.
    private static bool IsRefused(HttpResponseMessage response) => !response.IsSuccessStatusCode
        || (response.Headers.TryGetValues("grpc-status", out var status) && status.FirstOrDefault() is not "0");

    // /v1/traces, or /opentelemetry.proto.collector.trace.v1.TraceService/Export.
    private static void Count(HttpRequestMessage request)
    {
        var path = request.RequestUri?.AbsolutePath ?? "";
        var signal = path.Contains("trace", StringComparison.Ordinal) ? 0 : path.Contains("metrics", StringComparison.Ordinal) ? 1 : 2;
        Interlocked.Add(ref Dropped[signal], OtlpItems.CountIn(request));
    }

    private static IEnumerable<Measurement<long>> Observe() => Signals.Select((signal, index) =>
        new Measurement<long>(Volatile.Read(ref Dropped[index]), new KeyValuePair<string, object?>("signal", signal)));
}
