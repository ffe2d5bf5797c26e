using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>What is worth a name of its own in <c>AppHost.cs</c>.</summary>
internal static class Parts
{
    /// <summary>
    /// Has Redis write down every change before it is lost by more than a second; what <c>WithPersistence</c> adds are
    /// snapshots.
    /// </summary>
    public static IResourceBuilder<RedisResource> WithAppendOnlyFile(this IResourceBuilder<RedisResource> redis) => redis.WithArgs(context =>
    {
        // Published, the whole command is one argument of a shell; what comes behind it would not reach Redis.
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
    /// Gives a container a folder of this project to read: mounted where it runs here, copied into an image of its own
    /// where it is published, since other machines have no such folder.
    /// </summary>
    public static IResourceBuilder<ContainerResource> WithConfiguration(this IResourceBuilder<ContainerResource> container, string folder, string target) =>
        container.ApplicationBuilder.ExecutionContext.IsRunMode
            ? container.WithBindMount(folder, target, isReadOnly: true)
            : container.Resource.Annotations.OfType<DockerfileBuildAnnotation>().Any() ? container
            : container.WithDockerfile(folder.Split('/')[0]);

    /// <summary>On this machine admin/admin, and a look for everybody; elsewhere one user, whose password is asked for.</summary>
    public static IResourceBuilder<ContainerResource> WithGrafanaUsers(this IResourceBuilder<ContainerResource> grafana)
    {
        grafana.WithEnvironment("GF_SECURITY_ADMIN_USER", "admin").WithEnvironment("GF_USERS_ALLOW_SIGN_UP", "false");
        return grafana.ApplicationBuilder.ExecutionContext.IsRunMode
            ? grafana
                .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", "admin")
                .WithEnvironment("GF_AUTH_ANONYMOUS_ENABLED", "true")
                .WithEnvironment("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer")
            : grafana.WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", grafana.ApplicationBuilder.AddParameter("grafana-password", secret: true));
    }

    /// <summary>
    /// Has telemetry tried once, as the product does by itself: what is not taken is counted as lost, and a try that is
    /// made again would be counted again.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithSingleTryTelemetry(this IResourceBuilder<ProjectResource> service) =>
        service.WithEnvironment(context => context.EnvironmentVariables.Remove("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"));

    /// <summary>A button that replaces every idle runner by a fresh one.</summary>
    public static IResourceBuilder<ProjectResource> WithDrainCommand(this IResourceBuilder<ProjectResource> api) => api.WithHttpCommand(
        "/api/runner/drain", "Drain the pool", endpointName: "sessions", commandName: "drain", commandOptions: new HttpCommandOptions
        {
            Description = "Removes every idle runner and machine; fresh ones take their places. Leased ones are left alone.",
            ConfirmationMessage = "Remove every idle runner?",
            IconName = "ArrowSync",
        });

    /// <summary>Builds the image of the runners as a part of the application, where a Docker engine is.</summary>
    public static void AddRunnerImage(this IDistributedApplicationBuilder builder)
    {
        var socket = builder.Configuration[Variables.DockerHost] is { Length: > 0 } || File.Exists("/var/run/docker.sock");
        if (OperatingSystem.IsWindows() || !socket)
        {
            return;
        }

        // It ends when the image is there; its start button on the dashboard builds it anew.
        builder.AddExecutable(Names.RunnerImage, "./build-runner-image", "../eng/images").WithIconName("BoxMultiple").ExcludeFromManifest();
    }
}
