using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orchestrator.AppHost;

/// <summary>Marks a service whose processes are restarted when they exit unasked.</summary>
/// <remarks>
/// A stopped process and an exited one are in the same state, so the commands record the stopped replicas.
/// </remarks>
internal sealed class RestartAnnotation : IResourceAnnotation
{
    private readonly ConcurrentDictionary<string, bool> _stopped = new();
    private int _observing;

    /// <summary>Whether a replica was stopped by command and has not been started since.</summary>
    public bool IsStopped(string replica) => _stopped.ContainsKey(replica);

    /// <summary>Records that a replica runs.</summary>
    public void Started(string replica) => _stopped.TryRemove(replica, out _);

    /// <summary>Wraps the resource's commands that start and stop a replica, which Aspire adds before its first start.</summary>
    public void Observe(IResource resource)
    {
        if (Interlocked.Exchange(ref _observing, 1) != 0)
        {
            return;
        }

        foreach (var command in resource.Annotations.OfType<ResourceCommandAnnotation>().ToList())
        {
            Func<ExecuteCommandContext, Task<ExecuteCommandResult>>? wrapped =
                command.Name == KnownResourceCommands.StartCommand ? context => StartAsync(command, context)
                : command.Name == KnownResourceCommands.StopCommand ? context => StopAsync(command, context)
                : command.Name == KnownResourceCommands.RestartCommand ? context => RestartAsync(command, context)
                : null;
            if (wrapped is not null)
            {
                resource.Annotations[resource.Annotations.IndexOf(command)] = new ResourceCommandAnnotation(
                    command.Name, command.DisplayName, command.UpdateState, wrapped, command.DisplayDescription, command.Arguments,
                    command.ConfirmationMessage, command.IconName, command.IconVariant, command.IsHighlighted, command.Visibility, command.ValidateArguments);
            }
        }
    }

    private Task<ExecuteCommandResult> StartAsync(ResourceCommandAnnotation command, ExecuteCommandContext context)
    {
        Started(context.ResourceName);
        return command.ExecuteCommand(context);
    }

    private async Task<ExecuteCommandResult> StopAsync(ResourceCommandAnnotation command, ExecuteCommandContext context)
    {
        _stopped[context.ResourceName] = true;
        var result = await command.ExecuteCommand(context);
        if (!result.Success)
        {
            Started(context.ResourceName);
        }

        return result;
    }

    private async Task<ExecuteCommandResult> RestartAsync(ResourceCommandAnnotation command, ExecuteCommandContext context)
    {
        _stopped[context.ResourceName] = true;
        try
        {
            return await command.ExecuteCommand(context);
        }
        finally
        {
            Started(context.ResourceName);
        }
    }
}

/// <summary>
/// Restarts processes that exit unasked, each replica separately: after a second, twice as long after every further exit
/// up to half a minute, and after a second again once it ran for a minute. A replica stopped on the dashboard stays stopped.
/// </summary>
internal sealed partial class Restarts(
    ResourceNotificationService notifications, ResourceCommandService commands, ILogger<Restarts> logger) : BackgroundService
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, TimeSpan> _waits = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = new HashSet<string>();
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!change.Resource.TryGetLastAnnotation<RestartAnnotation>(out var restarts))
            {
                continue;
            }

            if (!HasEnded(change))
            {
                if (ended.Remove(change.ResourceId))
                {
                    restarts.Started(change.ResourceId);
                }
            }
            else if (ended.Add(change.ResourceId) && !restarts.IsStopped(change.ResourceId))
            {
                _ = RestartAsync(change, restarts, stoppingToken);
            }
        }
    }

    private async Task RestartAsync(ResourceEvent ended, RestartAnnotation restarts, CancellationToken stop)
    {
        try
        {
            var ran = ended.Snapshot.StopTimeStamp - ended.Snapshot.StartTimeStamp;
            var wait = _waits.AddOrUpdate(ended.ResourceId, _ => Shortest, (_, last) => ran > Settled ? Shortest : Min(last * 2, Longest));
            LogRestart(logger, ended.ResourceId, ended.Snapshot.ExitCode, wait.TotalSeconds);
            await Task.Delay(wait, stop);
            // Stopped or started by command during the wait.
            if (restarts.IsStopped(ended.ResourceId) || (notifications.TryGetCurrentState(ended.ResourceId, out var now) && !HasEnded(now)))
            {
                return;
            }

            var result = await commands.ExecuteCommandAsync(ended.ResourceId, KnownResourceCommands.StartCommand, stop);
            if (!result.Success)
            {
                LogNoRestart(logger, ended.ResourceId, result.Message);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            LogNoRestart(logger, ended.ResourceId, e.Message);
        }
    }

    private static bool HasEnded(ResourceEvent change) => change.Snapshot.State?.Text is "Finished" or "FailedToStart";

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    [LoggerMessage(1, LogLevel.Warning, "{Replica} exited with code {ExitCode}; restarting in {Seconds} s")]
    private static partial void LogRestart(ILogger logger, string replica, int? exitCode, double seconds);

    [LoggerMessage(2, LogLevel.Error, "Restart of {Replica} failed: {Problem}")]
    private static partial void LogNoRestart(ILogger logger, string replica, string? problem);
}

internal static class RestartExtensions
{
    /// <summary>Restarts the service's processes when they exit unasked.</summary>
    public static IResourceBuilder<ProjectResource> WithRestarts(this IResourceBuilder<ProjectResource> service)
    {
        service.ApplicationBuilder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Restarts>());
        var restarts = new RestartAnnotation();
        return service.WithAnnotation(restarts).OnBeforeResourceStarted((resource, _, _) =>
        {
            restarts.Observe(resource);
            return Task.CompletedTask;
        });
    }
}
