using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Orchestrator.Engines;

/// <summary>Which engine runners live on, a key outside any section.</summary>
public sealed class EngineOptions
{
    /// <summary>The section's name: none.</summary>
    public const string Section = "";

    /// <summary>
    /// <c>docker</c>; <c>process</c>: local processes without isolation, Development only; <c>auto</c>: Docker, or in
    /// Development local processes when no Docker answers and <c>DOCKER_HOST</c> names none. A Docker that is named, by either
    /// setting, has to answer at the start.
    /// </summary>
    public string? Engine { get; set; } = "auto";
}

/// <summary>The engine is a known one, and allowed in this environment.</summary>
internal sealed class EngineRules(IHostEnvironment environment, IConfiguration configuration) : IValidateOptions<EngineOptions>
{
    public ValidateOptionsResult Validate(string? name, EngineOptions options) => EngineServices.Normalize(options.Engine) switch
    {
        "docker" or "auto" => ValidateOptionsResult.Success,
        "process" when EngineServices.AllowsNoIsolation(environment, configuration) => ValidateOptionsResult.Success,
        "process" => ValidateOptionsResult.Fail("Engine=process runs code without any isolation and is for Development only."),
        _ => ValidateOptionsResult.Fail("Engine has to be docker, process or auto."),
    };
}
