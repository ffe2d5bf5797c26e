using System.Text.Encodings.Web;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Listeners;

namespace Orchestrator.Api;

/// <summary>The listeners of this process.</summary>
internal static class ApiListeners
{
    /// <summary>Opens the sessions and the machines listener and sets their JSON options.</summary>
    public static WebApplicationBuilder AddApiListeners(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJson.Default);
            // Quotes and plus signs unescaped: responses are JSON and never part of a page.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        return builder
            .AddListener(Listener.Sessions)
            .AddListener(Listener.Machines);
    }
}
