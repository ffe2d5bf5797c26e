namespace Orchestrator.AppHost;

/// <summary>Publishing to Azure Container Apps.</summary>
internal static partial class Targets
{
    static partial void FindAzure(ref Target? target) => target = (builder, api, _) =>
    {
        builder.AddAzureContainerAppEnvironment("azure");
        // An app has one door to the outside; machines are for the other apps there.
        api.WithEndpoint("machines", endpoint => endpoint.IsExternal = false);
        NeedEngine(builder, api);
    };
}
