using Aspire.Hosting.Docker.Resources.ServiceNodes;
using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>Where the application is published to: <c>--Target compose</c>, <c>kubernetes</c> or <c>azure</c>.</summary>
internal static partial class Targets
{
    private const string Socket = "/var/run/docker.sock";

    /// <summary>Adds the environment that was asked for, and what the services need outside of this machine.</summary>
    public static void AddTarget(
        this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api, IResourceBuilder<ProjectResource> worker)
    {
        // Published containers listen on every address, so there is no door without a key.
        var key = builder.AddParameter("api-key", secret: true);
        foreach (var service in (IResourceBuilder<ProjectResource>[])[api, worker])
        {
            service.WithEnvironment(Variables.Environment, "Production")
                .WithEnvironment(Variables.ApiKeys, key)
                .WithEnvironment(Variables.Listen, "any");
        }

        api.WithEnvironment("Engine", "docker");
        worker.WithEnvironment(Variables.ApiKey, key);
        switch (builder.Configuration["Target"]?.ToLowerInvariant() ?? "compose")
        {
            case "compose":
                builder.AddDockerComposeEnvironment("compose");
                api.PublishAsDockerComposeService((_, service) =>
                {
                    // As its own user, who is let to the socket by the group that owns it: stat -c %g /var/run/docker.sock.
                    service.GroupAdd.Add("${DOCKER_GROUP:?the group of the engine's socket}");
                    service.Restart = "unless-stopped";
                    service.AddVolume(new Volume { Name = "docker", Type = "bind", Source = Socket, Target = Socket });
                    // Runners' ports are published on the host, not in this container.
                    service.ExtraHosts["host.docker.internal"] = "host-gateway";
                });
                api.WithEnvironment("Runners__ProbeHost", "host.docker.internal");
                PublishRunners(builder, api);
                worker.PublishAsDockerComposeService((_, service) => service.Restart = "unless-stopped");
                break;
            case "kubernetes":
                var added = false;
                AddKubernetes(builder, ref added);
                if (!added)
                {
                    throw new DistributedApplicationException("Aspire's package for Kubernetes is a preview: name its version, -p:AspireKubernetesVersion=13.5.2-preview.1.…");
                }

                NeedEngine(builder, api);
                break;
            case "azure":
                builder.AddAzureContainerAppEnvironment("azure");
                // An app has one door to the outside; machines are for the other apps there.
                api.WithEndpoint("machines", endpoint => endpoint.IsExternal = false);
                NeedEngine(builder, api);
                break;
            case var other:
                throw new DistributedApplicationException($"Target '{other}' is not compose, kubernetes or azure.");
        }
    }

    // In Kubernetes.cs, compiled where its package is referenced.
    static partial void AddKubernetes(IDistributedApplicationBuilder builder, ref bool added);

    /// <summary>Nodes and apps of others have no engine for us: one has to be named.</summary>
    private static void NeedEngine(IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api)
    {
        var engine = builder.AddParameter("docker-host").WithDescription(
            "The Docker engine that runs the runners, as tcp://HOST:2376: there is none where the API will be. Mount its TLS certificates and set DOCKER_CERT_PATH.");
        api.WithEnvironment(Variables.DockerHost, engine).WithEnvironment("DOCKER_TLS_VERIFY", "1");
        PublishRunners(builder, api);
    }

    /// <summary>Clients are on other machines, and call runners by the engine's.</summary>
    private static void PublishRunners(IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api) => api
        .WithEnvironment("RUNNERS_BIND", "0.0.0.0")
        .WithEnvironment("RUNNERS_HOST", builder.AddParameter("runners-host").WithDescription("The name of the engine's machine, as clients reach it."));
}
