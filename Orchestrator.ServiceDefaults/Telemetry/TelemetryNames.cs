namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>The sources and meters of this system's telemetry.</summary>
internal static class TelemetryNames
{
    /// <summary>The name of our own activity source and meter.</summary>
    public const string Own = "Orchestrator";

    /// <summary>The activity source of the Redis client, which the hosts add with it.</summary>
    public const string Redis = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    public const string HttpClientMeter = "System.Net.Http";

    /// <summary>The SDK's own meter: the overflow of its queues.</summary>
    public const string SdkMeter = "otel.sdk.experimental";

    public static readonly string[] Meters =
    [
        Own,
        "Microsoft.AspNetCore.Diagnostics",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        HttpClientMeter,
        "System.Runtime",
        SdkMeter,
    ];

    /// <summary>
    /// The tags of HttpClient to keep: every runner has its own port, so peers and ports would make a series
    /// per runner.
    /// </summary>
    public static readonly string[] HttpClientTags =
    [
        "error.type",
        "http.connection.state",
        "http.request.method",
        "http.response.status_code",
        "network.protocol.version",
        "server.address",
        "url.scheme",
    ];

    /// <summary>Whether machines request this path all the time; traces of it would drown the others.</summary>
    public static bool IsProbe(string? path) => path is "/alive" or "/ready" or "/metrics" or "/health" or "/healthz";
}
