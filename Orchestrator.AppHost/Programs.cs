using Microsoft.Extensions.DependencyInjection;
using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>Redis as a local program; clients see no difference from the container.</summary>
internal sealed class RedisProgramResource(string command, string folder) : ExecutableResource(Names.Redis, command, folder), IResourceWithConnectionString
{
    public const string EndpointName = "tcp";

    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"{new EndpointReference(this, EndpointName).Property(EndpointProperty.HostAndPort)}");
}

/// <summary>The third-party parts, as local programs; one that is not installed is left out and reported.</summary>
internal static class Programs
{
    /// <summary>Redis or Valkey with its own folder and an append-only file; null where neither is installed.</summary>
    public static IResourceBuilder<IResourceWithConnectionString>? AddRedisProgram(this IDistributedApplicationBuilder builder, string folder)
    {
        if (Machine.Find("valkey-server", "redis-server") is not { } program)
        {
            return builder.LeaveOut<IResourceWithConnectionString>(Names.Redis, "neither Valkey nor Redis is installed (Debian: redis-server); the API runs tasks itself, with its embedded store");
        }

        Directory.CreateDirectory(folder);
        var redis = builder.AddResource(new RedisProgramResource(program, folder)).WithEndpoint(scheme: "tcp", name: RedisProgramResource.EndpointName);
        var port = redis.GetEndpoint(RedisProgramResource.EndpointName).Property(EndpointProperty.TargetPort);
        var check = $"{Names.Redis}_check";
        builder.Services.AddHealthChecks().AddRedis(
            _ => redis.Resource.ConnectionStringExpression.GetValueAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult()!, check);
        return redis.WithArgs("--port", port, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", "", "--loglevel", "warning")
            .WithHealthCheck(check)
            .WithIconName("Database");
    }

    /// <summary>Prometheus with its own folder, scraping API and workers; null where it is not installed.</summary>
    public static IResourceBuilder<IResourceWithEndpoints>? AddPrometheusProgram(this IDistributedApplicationBuilder builder, string folder)
    {
        if (Machine.Find("prometheus") is not { } program)
        {
            return builder.LeaveOut(Names.Prometheus, "it is not installed (Debian: prometheus); metrics stay available at /metrics");
        }

        var targets = ScrapeTargets.Prepare(Path.Combine(builder.AppHostDirectory, "prometheus"), folder);
        builder.Services.AddSingleton(targets).AddHostedService<ScrapeTargetsWriter>();
        var prometheus = builder.AddExecutable(Names.Prometheus, program, folder)
            .WithHttpEndpoint(builder.PortOf(Variables.PrometheusPort, Ports.Prometheus));
        var address = ReferenceExpression.Create($"--web.listen-address=127.0.0.1:{prometheus.GetEndpoint("http").Property(EndpointProperty.TargetPort)}");
        return prometheus.WithArgs($"--config.file={targets.Configuration}", $"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=7d", "--log.level=warn", address)
            .WithHttpHealthCheck("/-/ready")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Prometheus")
            .WithIconName("ChartMultiple");
    }

    /// <summary>Reports a missing part on the console and on the dashboard.</summary>
    /// <returns>Always null.</returns>
    public static IResourceBuilder<IResourceWithEndpoints>? LeaveOut(this IDistributedApplicationBuilder builder, string part, string why) =>
        builder.LeaveOut<IResourceWithEndpoints>(part, why);

    private static IResourceBuilder<T>? LeaveOut<T>(this IDistributedApplicationBuilder builder, string part, string why)
        where T : IResource
    {
        CommandLine.Say($"{part} is left out: {why}");
        builder.AddResource(new LeftOutResource(part)).ExcludeFromManifest().WithInitialState(new CustomResourceSnapshot
        {
            ResourceType = "Part",
            State = new ResourceStateSnapshot($"Left out: {why}", KnownResourceStateStyles.Warn),
            Properties = [new ResourcePropertySnapshot("Why", why)],
        });
        return null;
    }
}

/// <summary>Stands for a part that this machine can't run.</summary>
internal sealed class LeftOutResource(string name) : Resource(name);
