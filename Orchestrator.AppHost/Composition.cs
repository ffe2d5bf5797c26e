namespace Orchestrator.AppHost;

/// <summary>The parts' names, default ports, variables and images.</summary>
internal static class Composition
{
    /// <summary>The default number of workers.</summary>
    public const int Workers = 2;

    /// <summary>Names, as on the dashboard; those of services are also Prometheus' jobs.</summary>
    public static class Names
    {
        public const string Api = "orchestrator-api";
        public const string Worker = "orchestrator-worker";
        public const string Redis = "redis";
        public const string Prometheus = "prometheus";
        public const string Grafana = "grafana";
        public const string RunnerImage = "runner-image";
    }

    /// <summary>Fixed ports, from the contract's documents where they name one.</summary>
    public static class Ports
    {
        public const int Sessions = 3001;
        public const int Machines = 9092;
        public const int Pod = 8080;
        public const int Prometheus = 9090;
        public const int Grafana = 3000;
        public const int Dashboard = 18888;
        public const int OtlpGrpc = 18889;
        public const int OtlpHttp = 18890;
    }

    /// <summary>Images of the third-party parts, with the tags that <c>deploy/</c> uses too.</summary>
    public static class Images
    {
        public const string Redis = "library/redis";
        public const string RedisTag = "8.2";
        public const string Prometheus = "prom/prometheus";
        public const string PrometheusTag = "v3.5.0";
        public const string Grafana = "grafana/grafana";
        public const string GrafanaTag = "12.1.0";

        public static IReadOnlyList<string> All { get; } =
            [$"docker.io/{Redis}:{RedisTag}", $"docker.io/{Prometheus}:{PrometheusTag}", $"docker.io/{Grafana}:{GrafanaTag}"];
    }

    /// <summary>Environment variables that the parts read.</summary>
    public static class Variables
    {
        public const string Environment = "ASPNETCORE_ENVIRONMENT";
        public const string SessionsPort = "PORT";
        public const string MachinesPort = "MACHINES_PORT";
        public const string PodPort = "POD_PORT";
        public const string PrometheusPort = "PROMETHEUS_PORT";
        public const string GrafanaPort = "GRAFANA_PORT";
        public const string ApiUrl = "Tasks__ApiUrl";
        public const string ApiKey = "Tasks__ApiKey";
        public const string ApiKeys = "Security__ApiKeys";
        public const string Listen = "Security__Listen";
        public const string Instance = "Runners__Instance";
        public const string Engine = "Engine";
        public const string DockerHost = "DOCKER_HOST";
        public const string DataFolder = "Storage__DataFolder";
        public const string PrometheusLink = "Links__Prometheus";
        public const string GrafanaLink = "Links__Grafana";
        public const string PrometheusOtlp = "Prometheus__OtlpEndpoint";
    }
}
