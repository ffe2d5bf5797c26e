using Microsoft.AspNetCore.Builder;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Servers that tests run in their own process.</summary>
internal static class LocalServer
{
    /// <summary>A lean builder that watches no settings files: many at once would use up the user's inotify instances.</summary>
    public static WebApplicationBuilder CreateBuilder() =>
        WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
}
