using System.Globalization;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Configuration;

/// <summary>Logs the effective configuration at start, so that the log alone explains an incident. Never logs a secret.</summary>
internal sealed partial class EffectiveConfiguration(
    RunnersOptions runners,
    RunnerTemplates templates,
    SecurityOptions security,
    OriginsOptions origins,
    IRunnerEngine engine,
    IHostEnvironment environment,
    ILogger<EffectiveConfiguration> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Process(environment.EnvironmentName, runners.Instance, runners.Host, runners.Bind, runners.Reuse);
        Times(runners.InactivityTimeoutSeconds, runners.CleanupIntervalSeconds, runners.ProvisionWaitSeconds,
            runners.ReconcileIntervalSeconds, runners.OrphanGraceSeconds, runners.MaxParallelStarts);
        Engine(engine.Kind, engine.Capabilities.Missing is { Count: > 0 } missing ? string.Join(", ", missing) : "nothing");
        foreach (var template in templates.All)
        {
            Template(template.Name, Describe(template));
        }

        Guards(security.ApiKeys.Count, string.Join(' ', security.FindAddresses()), security.AllowAnonymous,
            string.Join(' ', security.AllowedHosts), string.Join(' ', origins.AllowedOrigins));
        if (security.AllowAnonymous && security.ApiKeys.Count == 0)
        {
            OpenToEverybody();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Environment by name only: values may be secrets.
    private static string Describe(RunnerTemplate template) => string.Create(CultureInfo.InvariantCulture,
        $"image {template.Image}, pull {template.Pull}, port {template.ContainerPort}, idle {template.MinIdle} to {template.MaxIdle}, " +
        $"leased at most {template.MaxLeased?.ToString(CultureInfo.InvariantCulture) ?? "any"}, release {template.OnRelease}, " +
        $"ready {template.Ready.Kind} {template.Ready.Path} within {template.Ready.Timeout.TotalSeconds} s, {template.Hardening}, " +
        $"runtime {template.Runtime ?? "default"}, {template.Limits.MemoryBytes >> 20} MiB, {template.Limits.Cpus} CPU, " +
        $"{template.Limits.Processes} processes, {template.Limits.DiskBytes >> 20} MiB disk, environment [{string.Join(' ', template.Environment.Keys)}]");

    [LoggerMessage(1210, LogLevel.Information, "Starting in {Environment}: instance {Instance}, runners at {Host}, published on {Bind}, shared {Reuse}")]
    private partial void Process(string environment, string instance, string host, string bind, bool reuse);

    [LoggerMessage(1211, LogLevel.Information, "Seconds: lease {Inactivity}, sweep {Cleanup}, wait for a place {Wait}, reconcile {Reconcile}, orphans {Grace}; starts at a time {Starts}")]
    private partial void Times(double inactivity, double cleanup, double wait, double reconcile, double grace, int starts);

    [LoggerMessage(1215, LogLevel.Information, "Engine {Engine}; it lacks {Missing}")]
    private partial void Engine(string engine, string missing);

    [LoggerMessage(1212, LogLevel.Information, "Template {Template}: {Description}")]
    private partial void Template(string template, string description);

    [LoggerMessage(1213, LogLevel.Information, "Guards: {Keys} keys, listening on {Listen}, anonymous elsewhere {Anonymous}, hosts [{Hosts}], origins [{Origins}]")]
    private partial void Guards(int keys, string listen, bool anonymous, string hosts, string origins);

    [LoggerMessage(1214, LogLevel.Warning, "Security:AllowAnonymous is set and there are no keys: anyone who can reach this machine can run code on it")]
    private partial void OpenToEverybody();
}
