using Orchestrator.Api.Health;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Sessions;

/// <summary>Registers the services of sessions.</summary>
internal static class SessionServices
{
    /// <summary>Adds sessions and the domain of runners. Requires the runners' options, an engine and a store.</summary>
    public static WebApplicationBuilder AddSessions(this WebApplicationBuilder builder)
    {
        builder.Services.AddRunners();
        builder.Services.AddEngineCheck();
        builder.Services.AddSingleton<SessionRunners>();
        builder.Services.AddSingleton<IUntrustedPorts, RunnerPorts>();
        builder.Services.AddSingleton(SessionErrors.Map);
        return builder;
    }
}
