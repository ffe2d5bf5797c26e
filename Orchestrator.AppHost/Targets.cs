using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>Where the application is published to: <c>--Target compose</c>, <c>kubernetes</c> or <c>azure</c>.</summary>
internal static partial class Targets
{
    private delegate void Target(
        IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api, IResourceBuilder<ProjectResource> worker);

    /// <summary>Adds the environment that was asked for, and what the services need outside of this machine.</summary>
    /// <exception cref="DistributedApplicationException">There is no such target, or this was built without its package.</exception>
    public static void AddTarget(
        this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> api, IResourceBuilder<ProjectResource> worker)
    {
        var add = Find(builder.Configuration["Target"]?.ToLowerInvariant() ?? "compose");
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
        add(builder, api, worker);
    }

    // Each in a file of its own, compiled where its package is referenced; elsewhere the call is left out and finds nothing.
    static partial void FindCompose(ref Target? target);

    static partial void FindKubernetes(ref Target? target);

    static partial void FindAzure(ref Target? target);

    private static Target Find(string name)
    {
        const string publishers = "build it with -p:AspirePublishers=true, where the package feed has it; eng/README.md tells more";
        const string preview = "it is a preview: build with its version named, as -p:AspireKubernetesVersion=13.6.5-preview.1.…";
        Target? target = null;
        string package, remedy;
        switch (name)
        {
            case "compose":
                FindCompose(ref target);
                (package, remedy) = ("Aspire.Hosting.Docker", publishers);
                break;
            case "kubernetes":
                FindKubernetes(ref target);
                (package, remedy) = ("Aspire.Hosting.Kubernetes", preview);
                break;
            case "azure":
                FindAzure(ref target);
                (package, remedy) = ("Aspire.Hosting.Azure.AppContainers", publishers);
                break;
            default:
                throw new DistributedApplicationException($"Target '{name}' is not compose, kubernetes or azure.");
        }

        return target ?? throw new DistributedApplicationException($"Target '{name}' needs the package {package}, which this was built without: {remedy}.");
    }

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
