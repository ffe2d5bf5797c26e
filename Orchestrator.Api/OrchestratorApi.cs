using System.Text.Encodings.Web;
using Orchestrator.Api.Configuration;
using Orchestrator.Api.Health;
using Orchestrator.Api.Machines;
using Orchestrator.Api.OpenApi;
using Orchestrator.Api.Overview;
using Orchestrator.Api.Page;
using Orchestrator.Api.Sessions;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api;

/// <summary>Sessions and machines: what they need, and their calls.</summary>
internal static class OrchestratorApi
{
    /// <summary>Opens this process's doors and adds what is behind them, but for the engine and the store.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static WebApplicationBuilder AddOrchestratorApi(this WebApplicationBuilder builder)
    {
        builder.AddGuards();
        builder.AddApiDoors();
        builder.AddRunnerOptions();
        builder.AddOpenApiDocument();
        // First of the hosted services: the log begins with what the process runs with.
        builder.Services.AddHostedService<EffectiveConfiguration>();
        builder.Services.AddRunners();
        builder.Services.AddReadyChecks();
        builder.Services.AddSingleton<SessionRunners>();
        builder.Services.AddSingleton<MachinePool>();
        builder.Services.AddSingleton(PageLinks.From(builder.Configuration));
        builder.Services.AddSingleton<OverviewReader>();
        builder.Services.AddSingleton(SessionErrors.Map);
        builder.Services.Configure<RouteOptions>(routes => routes.SetParameterPolicy<ProjectIds>(ProjectIds.Constraint));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            // Quotes and plus signs as they stand: the answers are JSON and never part of a page.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        return builder;
    }

    /// <summary>Maps the calls of the sessions and the machines door.</summary>
    public static WebApplication MapOrchestratorApi(this WebApplication app)
    {
        app.MapSessions();
        app.MapMachines();
        app.MapEngineHealth();
        app.MapOverview();
        app.MapPage();
        app.MapOpenApiDocument();
        return app;
    }
}
