using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Counts the tasks for the metrics, and forgets those whose retention is over.</summary>
internal sealed partial class TaskJanitor(
    ITaskQueue queue, TaskMetrics metrics, TimeProvider time, Random random, ILogger<TaskJanitor> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private const int RoundsBetweenPurges = 12;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskMetrics.Begin();

        // Several instances at once do no harm, and need not do it at the same moment.
        for (var round = random.Next(RoundsBetweenPurges); ; round++)
        {
            try
            {
                await Task.Delay(Interval * (0.75 + (0.5 * random.NextDouble())), time, stoppingToken);
                metrics.Counted(await queue.CountAsync(stoppingToken));
                if (round % RoundsBetweenPurges == 0 && await queue.PurgeAsync(stoppingToken) is > 0 and var forgotten)
                {
                    LogForgotten(forgotten);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreUnavailableException e)
            {
                LogFailed(e.Message);
            }
            catch (Exception e)
            {
                LogFailedBadly(e);
            }
        }
    }

    [LoggerMessage(1870, LogLevel.Information, "Forgot {Count} finished tasks whose retention is over.")]
    private partial void LogForgotten(int count);

    [LoggerMessage(1871, LogLevel.Debug, "Tasks could not be counted or forgotten: {Error}")]
    private partial void LogFailed(string error);

    [LoggerMessage(1872, LogLevel.Error, "Tasks could not be counted or forgotten.")]
    private partial void LogFailedBadly(Exception exception);
}
