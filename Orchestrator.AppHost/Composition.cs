using System.Globalization;

namespace Orchestrator.AppHost;

/// <summary>
/// What the composition's parts are called, where they listen unless told otherwise, and what they are told. The Aspire
/// application and the launcher (<c>eng/launcher</c>) share this file.
/// </summary>
internal static class Composition
{
    /// <summary>How many workers there are, unless told otherwise.</summary>
    public const int Workers = 2;

    /// <summary>Names, as on the dashboard; those of services are also Prometheus' jobs.</summary>
    public static class Names
    {
        public const string Api = "orchestrator-api";
        public const string Worker = "orchestrator-worker";
        public const string Redis = "redis";
        public const string Prometheus = "prometheus";
        public const string Grafana = "grafana";
        public const string Dashboard = "dashboard";
        public const string RunnerImage = "runner-image";
    }

    /// <summary>Fixed ports, by the documents where they name one.</summary>
    public static class Ports
    {
        public const int Sessions = 3001;
        public const int Machines = 9092;
        public const int Pod = 8080;
        public const int Redis = 6379;
        public const int Prometheus = 9090;
        public const int Grafana = 3000;
        public const int Dashboard = 18888;
        public const int OtlpGrpc = 18889;
        public const int OtlpHttp = 18890;
    }

    /// <summary>Environment variables that the parts read.</summary>
    public static class Variables
    {
        public const string Environment = "ASPNETCORE_ENVIRONMENT";
        public const string SessionsPort = "PORT";
        public const string MachinesPort = "MACHINES_PORT";
        public const string PodPort = "POD_PORT";
        public const string Redis = "ConnectionStrings__redis";
        public const string ApiUrl = "Tasks__ApiUrl";
        public const string ApiKey = "Tasks__ApiKey";
        public const string ApiKeys = "Security__ApiKeys";
        public const string Listen = "Security__Listen";
        public const string Instance = "Runners__Instance";
        public const string DockerHost = "DOCKER_HOST";
        public const string PrometheusLink = "Links__Prometheus";
        public const string GrafanaLink = "Links__Grafana";
        public const string DashboardLink = "Links__Dashboard";
        public const string PrometheusOtlp = "Prometheus__OtlpEndpoint";
        public const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
        public const string OtlpProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
        public const string ServiceName = "OTEL_SERVICE_NAME";
        public const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";

        /// <summary>Has telemetry sent within seconds, for somebody who looks at it.</summary>
        public static readonly (string, string)[] Hasty =
            [("OTEL_METRIC_EXPORT_INTERVAL", "5000"), ("OTEL_BSP_SCHEDULE_DELAY", "1000"), ("OTEL_BLRP_SCHEDULE_DELAY", "1000")];
    }

    /// <summary>The scraping configuration of Prometheus, with the ports that were chosen in place of the usual ones.</summary>
    /// <param name="configuration">The text of <c>prometheus.yml</c>.</param>
    /// <param name="rules">The folder of the rules.</param>
    /// <param name="prometheus">Prometheus' own port.</param>
    /// <param name="sessions">A port of the API.</param>
    /// <param name="workers">The workers' ports; none where the API is the worker.</param>
    public static string WithPorts(string configuration, string rules, int prometheus, int sessions, IEnumerable<int> workers) => configuration
        .Replace("rules/*.yml", Path.Combine(rules, "*.yml"), StringComparison.Ordinal)
        .Replace($"[\"localhost:{Ports.Pod}\", \"localhost:{Ports.Pod + 1}\"]", $"[{string.Join(", ", workers.Select(Target))}]", StringComparison.Ordinal)
        .Replace(Target(Ports.Sessions), Target(sessions), StringComparison.Ordinal)
        .Replace(Target(Ports.Prometheus), Target(prometheus), StringComparison.Ordinal);

    private static string Target(int port) => string.Create(CultureInfo.InvariantCulture, $"\"localhost:{port}\"");
}
