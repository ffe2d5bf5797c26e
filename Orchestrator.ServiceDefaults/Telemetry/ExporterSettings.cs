using System.Globalization;
using Microsoft.Extensions.Configuration;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Telemetry;

/// <summary>
/// Checks the variables that OpenTelemetry's exporter reads by itself, at its first use: a wrong one would end the process
/// with a stack trace, or be ignored.
/// https://opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter/
/// </summary>
internal static class ExporterSettings
{
    private static readonly string[] Signals = ["", "TRACES_", "METRICS_", "LOGS_"];

    /// <summary>Returns when they are of use.</summary>
    /// <exception cref="ConfigurationException">One is wrong.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var signal in Signals)
        {
            Check(configuration, $"OTEL_EXPORTER_OTLP_{signal}ENDPOINT", new HttpAddressAttribute().IsValid,
                "an http or https address, such as http://localhost:4317");
            Check(configuration, $"OTEL_EXPORTER_OTLP_{signal}PROTOCOL", text => text is "grpc" or "http/protobuf", "grpc or http/protobuf");
            Check(configuration, $"OTEL_EXPORTER_OTLP_{signal}TIMEOUT", IsTime, "a whole number of milliseconds from 1");
        }
    }

    private static bool IsTime(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0;

    private static void Check(IConfiguration configuration, string name, Func<string, bool> isValid, string allowed)
    {
        if (configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) && !isValid(text))
        {
            throw new ConfigurationException(name, $"invalid value '{text}'. It must be {allowed}.");
        }
    }
}
