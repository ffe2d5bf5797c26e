using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>The third-party parts, as containers.</summary>
internal static class Containers
{
    /// <summary>Redis with its data on a volume and an append-only file.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisContainer(this IDistributedApplicationBuilder builder) =>
#pragma warning disable ASPIRECERTIFICATES001 // plain text within one machine or network; else Redis gets its own certificate
        builder.AddRedis(Names.Redis)
            .WithImage(Images.Redis, Images.RedisTag)
            .WithoutHttpsCertificate()
#pragma warning restore ASPIRECERTIFICATES001
            .WithDataVolume()
            .WithPersistence()
            .WithAppendOnlyFile();

    /// <summary>Prometheus, which API and workers push to.</summary>
    public static IResourceBuilder<IResourceWithEndpoints> AddPrometheusContainer(this IDistributedApplicationBuilder builder) =>
        builder.AddContainer(Names.Prometheus, Images.Prometheus, Images.PrometheusTag)
            .WithConfiguration("prometheus", "/etc/prometheus")
            .WithVolume("orchestrator-prometheus-data", "/prometheus")
            .WithArgs("--config.file=/etc/prometheus/prometheus.otlp.yml", "--storage.tsdb.path=/prometheus", "--web.enable-otlp-receiver")
            .WithHttpEndpoint(builder.PortOf(Variables.PrometheusPort, Ports.Prometheus), targetPort: 9090)
            .WithHttpHealthCheck("/-/ready")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Prometheus");

    /// <summary>Grafana with the dashboards of this folder.</summary>
    public static IResourceBuilder<IResourceWithEndpoints> AddGrafana(this IDistributedApplicationBuilder builder, IResourceBuilder<IResourceWithEndpoints> prometheus) =>
        builder.AddContainer(Names.Grafana, Images.Grafana, Images.GrafanaTag)
            .WithConfiguration("grafana/provisioning", "/etc/grafana/provisioning")
            .WithConfiguration("grafana/dashboards", "/var/lib/grafana/dashboards")
            .WithEnvironment("PROMETHEUS_URL", prometheus.GetEndpoint("http"))
            .WithEnvironment("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "/var/lib/grafana/dashboards/runners.json")
            .WithUsers()
            .WithHttpEndpoint(builder.PortOf(Variables.GrafanaPort, Ports.Grafana), targetPort: 3000)
            .WithExternalHttpEndpoints()
            .WithHttpHealthCheck("/api/health")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Dashboards");

    /// <summary>
    /// Turns on the append-only file, so that a crash loses at most the last second; <c>WithPersistence</c> would add
    /// snapshots only.
    /// </summary>
    private static IResourceBuilder<RedisResource> WithAppendOnlyFile(this IResourceBuilder<RedisResource> redis) => redis.WithArgs(context =>
    {
        // Published, the whole command is one argument of a shell; arguments after it would not reach Redis.
        if (context.ExecutionContext.IsPublishMode && context.Args is [.., string command])
        {
            context.Args[^1] = $"{command} --appendonly yes";
        }
        else
        {
            foreach (var argument in (string[])["--appendonly", "yes"])
            {
                context.Args.Add(argument);
            }
        }
    });

    /// <summary>
    /// Gives a container read access to a folder of this project: mounted where it runs here, copied into its own image
    /// where it is published, since other machines lack the folder.
    /// </summary>
    private static IResourceBuilder<ContainerResource> WithConfiguration(this IResourceBuilder<ContainerResource> container, string folder, string target) =>
        container.ApplicationBuilder.ExecutionContext.IsRunMode
            ? container.WithBindMount(folder, target, isReadOnly: true)
            : container.Resource.Annotations.OfType<DockerfileBuildAnnotation>().Any() ? container
            : container.WithDockerfile(folder.Split('/')[0]);

    /// <summary>On this machine admin/admin and anonymous viewers; elsewhere one user, whose password is a parameter.</summary>
    private static IResourceBuilder<ContainerResource> WithUsers(this IResourceBuilder<ContainerResource> grafana)
    {
        grafana.WithEnvironment("GF_SECURITY_ADMIN_USER", "admin").WithEnvironment("GF_USERS_ALLOW_SIGN_UP", "false");
        return grafana.ApplicationBuilder.ExecutionContext.IsRunMode
            ? grafana
                .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", "admin")
                .WithEnvironment("GF_AUTH_ANONYMOUS_ENABLED", "true")
                .WithEnvironment("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer")
            : grafana.WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", grafana.ApplicationBuilder.AddParameter("grafana-password", secret: true));
    }
}
