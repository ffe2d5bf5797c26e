namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>The sources and meters that this system's telemetry consists of.</summary>
internal static class TelemetryNames
{
    /// <summary>The activity source and the meter of everything of ours.</summary>
    public const string Own = "Orchestrator";

    public const string HttpClientMeter = "System.Net.Http";

    public static readonly string[] Sources = [Own, "Microsoft.AspNetCore", "System.Net.Http"];

    public static readonly string[] Meters =
    [
        Own,
        "Microsoft.AspNetCore.Diagnostics",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        HttpClientMeter,
        "System.Runtime",
        // What the SDK's queues could not hold.
        "otel.sdk.experimental",
    ];

    /// <summary>
    /// What is kept of HttpClient's tags: every runner has a port of its own, so peers and ports would make a series
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

    /// <summary>Paths that machines ask all the time; their traces and request metrics would drown the others.</summary>
    public static readonly string[] ProbePaths = ["/alive", "/ready", "/metrics", "/health", "/healthz"];
}
