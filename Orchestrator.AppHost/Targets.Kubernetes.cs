namespace Orchestrator.AppHost;

/// <summary>Publishing to Kubernetes, for which Aspire 13.6 has a preview.</summary>
internal static partial class Targets
{
    static partial void FindKubernetes(ref Target? target) => target = (builder, api, _) =>
    {
        builder.AddKubernetesEnvironment("kubernetes");
        NeedEngine(builder, api);
    };
}
