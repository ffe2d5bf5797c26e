using Microsoft.Extensions.Configuration;
using Orchestrator.AppHost;
using static Orchestrator.AppHost.Composition;

// The system, part by part. Nothing waits for anything: each part starts at once, says on /ready what it misses, and
// takes it up when it comes.
var builder = DistributedApplication.CreateBuilder(args);
var running = builder.ExecutionContext.IsRunMode;

#pragma warning disable ASPIRECERTIFICATES001 // to be plain inside of one machine or network; else it gets a certificate of its own
var redis = builder.AddRedis(Names.Redis)
    .WithoutHttpsCertificate()
#pragma warning restore ASPIRECERTIFICATES001
    .WithDataVolume()
    .WithPersistence()
    .WithAppendOnlyFile();

var prometheus = builder.AddContainer(Names.Prometheus, "prom/prometheus", "v3.5.0")
    .WithConfiguration("prometheus", "/etc/prometheus")
    .WithVolume("orchestrator-prometheus-data", "/prometheus")
    .WithArgs("--config.file=/etc/prometheus/prometheus.otlp.yml", "--storage.tsdb.path=/prometheus", "--web.enable-otlp-receiver")
    .WithHttpEndpoint(Ports.Prometheus, targetPort: 9090)
    .WithHttpHealthCheck("/-/ready")
    .WithUrlForEndpoint("http", url => url.DisplayText = "Prometheus");

var grafana = builder.AddContainer(Names.Grafana, "grafana/grafana", "12.1.0")
    .WithConfiguration("grafana/provisioning", "/etc/grafana/provisioning")
    .WithConfiguration("grafana/dashboards", "/var/lib/grafana/dashboards")
    .WithEnvironment("PROMETHEUS_URL", prometheus.GetEndpoint("http"))
    .WithEnvironment("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "/var/lib/grafana/dashboards/runners.json")
    .WithGrafanaUsers()
    .WithHttpEndpoint(Ports.Grafana, targetPort: 3000)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/api/health")
    .WithUrlForEndpoint("http", url => url.DisplayText = "Dashboards");

var api = builder.AddProject<Projects.Orchestrator_Api>(Names.Api)
    .WithHttpEndpoint(Ports.Sessions, running ? null : Ports.Sessions, "sessions", Variables.SessionsPort)
    .WithHttpEndpoint(Ports.Machines, running ? null : Ports.Machines, "machines", Variables.MachinesPort)
    .WithExternalHttpEndpoints()
    .WithReference(redis)
    .WithEnvironment(Variables.PrometheusOtlp, prometheus.GetEndpoint("http"))
    .WithSingleTryTelemetry()
    .WithEnvironment(Variables.Instance, builder.Configuration["Instance"] ?? "aspire")
    .WithHttpHealthCheck("/health", endpointName: "sessions")
    .WithUrlForEndpoint("sessions", url => url.DisplayText = "The page")
    .WithUrlForEndpoint("machines", url => url.DisplayText = "Machines")
    .WithDrainCommand();

var worker = builder.AddProject<Projects.Orchestrator_Worker>(Names.Worker)
    .WithReplicas(builder.Configuration.GetValue("Workers", Workers))
    .WithHttpEndpoint(Ports.Pod, running ? null : Ports.Pod, "pod", Variables.PodPort)
    .WithExternalHttpEndpoints()
    .WithReference(redis)
    .WithEnvironment(Variables.ApiUrl, api.GetEndpoint("sessions"))
    .WithEnvironment(Variables.PrometheusOtlp, prometheus.GetEndpoint("http"))
    .WithSingleTryTelemetry()
    .WithHttpHealthCheck("/ready", endpointName: "pod")
    .WithUrlForEndpoint("pod", url => url.DisplayText = "Pod and mining");

if (running)
{
    api.WithEnvironment(Variables.PrometheusLink, prometheus.GetEndpoint("http"))
        .WithEnvironment(Variables.GrafanaLink, grafana.GetEndpoint("http"));
    builder.AddRunnerImage();
}
else
{
    builder.AddDeploymentSettings(api, worker);
}

await builder.Build().RunAsync();
