using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orchestrator.AppHost;

/// <summary>Marks a service whose processes are started again when they end by themselves.</summary>
internal sealed class RestartAnnotation : IResourceAnnotation;

/// <summary>
/// Starts what ended by itself again, each replica alone: after a second, twice as long after every further end up to
/// half a minute, and after a second again once it ran for a minute. What was stopped on the dashboard stays so.
/// </summary>
internal sealed partial class Restarts(
    ResourceNotificationService notifications, ResourceCommandService commands, ILogger<Restarts> logger) : BackgroundService
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (TimeSpan Wait, DateTime? Started)> _replicas = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = new HashSet<string>();
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!change.Resource.HasAnnotationOfType<RestartAnnotation>())
            {
                continue;
            }

            if (change.Snapshot.State?.Text is not ("Finished" or "FailedToStart"))
            {
                ended.Remove(change.ResourceId);
            }
            else if (ended.Add(change.ResourceId))
            {
                _ = RestartAsync(change, stoppingToken);
            }
        }
    }

    private async Task RestartAsync(ResourceEvent ended, CancellationToken stop)
    {
        var ran = ended.Snapshot.StopTimeStamp - ended.Snapshot.StartTimeStamp;
        var wait = _replicas.AddOrUpdate(ended.ResourceId, _ => (Shortest, null), (_, last) => (ran > Settled ? Shortest : Min(last.Wait * 2, Longest), null)).Wait;
        LogRestart(logger, ended.ResourceId, ended.Snapshot.ExitCode, wait.TotalSeconds);
        try
        {
            await Task.Delay(wait, stop);
            var result = await commands.ExecuteCommandAsync(ended.ResourceId, KnownResourceCommands.StartCommand, stop);
            if (!result.Success)
            {
                LogNoRestart(logger, ended.ResourceId, result.Message);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(1, LogLevel.Warning, "{Replica} ended with {ExitCode}; it is started again in {Seconds} s.")]
    private static partial void LogRestart(ILogger logger, string replica, int? exitCode, double seconds);

    [LoggerMessage(2, LogLevel.Error, "{Replica} could not be started again: {Problem}")]
    private static partial void LogNoRestart(ILogger logger, string replica, string? problem);
}

internal static class RestartExtensions
{
    /// <summary>Has the service's processes started again when they end by themselves.</summary>
    public static IResourceBuilder<ProjectResource> WithRestarts(this IResourceBuilder<ProjectResource> service)
    {
        service.ApplicationBuilder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Restarts>());
        return service.WithAnnotation(new RestartAnnotation());
    }
}
