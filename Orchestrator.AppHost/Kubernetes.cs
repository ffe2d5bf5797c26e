namespace Orchestrator.AppHost;

/// <summary>Publishing to Kubernetes, for which Aspire 13.5 has a preview.</summary>
internal static partial class Targets
{
    static partial void AddKubernetes(IDistributedApplicationBuilder builder, ref bool added)
    {
        builder.AddKubernetesEnvironment("kubernetes");
        added = true;
    }
}
