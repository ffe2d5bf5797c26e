using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>The needs of the services on other machines: keys, listeners on every address, a named engine.</summary>
internal static class Publishing
{
    /// <summary>
    /// Adds the parameters of a deployment to the manifest: the API key, the Docker engine that runs the runners, and the
    /// host name at which clients reach it.
    /// </summary>
    public static void AddDeploymentSettings(
        this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api, IResourceBuilder<ProjectResource> worker)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            return;
        }

        // Published containers listen on every address, so every listener requires a key.
        var key = builder.AddParameter("api-key", secret: true);
        foreach (var service in (IResourceBuilder<ProjectResource>[])[api, worker])
        {
            service.WithEnvironment(Variables.Environment, "Production")
                .WithEnvironment(Variables.ApiKeys, key)
                .WithEnvironment(Variables.Listen, "any");
        }

        worker.WithEnvironment(Variables.ApiKey, key);
        var engine = builder.AddParameter("docker-host").WithDescription(
            "The Docker engine that runs the runners, as tcp://HOST:2376. Mount its TLS certificates and set DOCKER_CERT_PATH.");
        var host = builder.AddParameter("runners-host").WithDescription("The host name at which clients reach the engine's machine.");
        api.WithEnvironment("Engine", "docker")
            .WithEnvironment(Variables.DockerHost, engine)
            .WithEnvironment("DOCKER_TLS_VERIFY", "1")
            .WithEnvironment("RUNNERS_BIND", "0.0.0.0")
            .WithEnvironment("RUNNERS_HOST", host)
            // A container app has one external ingress; machines serve the other apps of its environment.
            .WithEndpoint("machines", endpoint => endpoint.IsExternal = false);
    }
}
