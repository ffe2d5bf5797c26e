using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace Orchestrator.AppHost;

/// <summary>Publishing to Docker Compose, on a machine whose engine runs the runners too.</summary>
internal static partial class Targets
{
    private const string Socket = "/var/run/docker.sock";

    static partial void FindCompose(ref Target? target) => target = (builder, api, worker) =>
    {
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
    };
}
