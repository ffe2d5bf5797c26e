using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Health;

namespace Orchestrator.Api.Health;

/// <summary>
/// Whether the engine answers and could start the templates' runners. Unhealthy when it could start none; degraded when it
/// could not start some, or does not isolate them.
/// </summary>
internal sealed partial class EngineReadyCheck : IHealthCheck, IDisposable
{
    private static readonly TimeSpan ObstaclesHold = TimeSpan.FromSeconds(5);

    private readonly IRunnerEngine _engine;
    private readonly RunnerTemplates _templates;
    private readonly ILogger<EngineReadyCheck> _logger;
    private readonly RememberedCheck _obstacles;
    private string? _told;

    public EngineReadyCheck(IRunnerEngine engine, RunnerTemplates templates, TimeProvider time, ILogger<EngineReadyCheck> logger)
    {
        (_engine, _templates, _logger) = (engine, templates, logger);
        _obstacles = new RememberedCheck(FindObstaclesAsync, ObstaclesHold, time);
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await _engine.PingAsync(cancellationToken);
            return await _obstacles.CheckHealthAsync(context, cancellationToken);
        }
        catch (EngineException exception)
        {
            return HealthCheckResult.Unhealthy(exception.Message);
        }
    }

    public void Dispose() => _obstacles.Dispose();

    private async Task<HealthCheckResult> FindObstaclesAsync(CancellationToken cancellationToken)
    {
        List<string> problems = [];
        foreach (var template in _templates.All)
        {
            if (await _engine.FindObstacleAsync(template, cancellationToken) is { } obstacle)
            {
                problems.Add($"{template.Name}: {(obstacle.Setting is { } setting ? $"{setting}: " : "")}{obstacle.Problem}");
            }
        }

        var problem = problems.Count == 0 ? null : string.Join(" ", problems);
        Tell(problem);
        return problem is null ? Judge()
            : problems.Count < _templates.All.Count ? HealthCheckResult.Degraded(problem)
            : HealthCheckResult.Unhealthy(problem);
    }

    private HealthCheckResult Judge() => _engine.Capabilities.Missing is { Count: > 0 } missing
        ? HealthCheckResult.Degraded($"without {string.Join(", ", missing)}")
        : HealthCheckResult.Healthy();

    // Probes come every few seconds: only a change is worth a line.
    private void Tell(string? problem)
    {
        if (Interlocked.Exchange(ref _told, problem) == problem)
        {
            return;
        }

        if (problem is null)
        {
            LogUnobstructed();
        }
        else
        {
            LogObstacle(problem);
        }
    }

    [LoggerMessage(1202, LogLevel.Warning, "The engine can't start runners of every template: {Problem}")]
    private partial void LogObstacle(string problem);

    [LoggerMessage(1203, LogLevel.Information, "The engine can start runners of every template")]
    private partial void LogUnobstructed();
}
