using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Processing;

/// <summary>Counts the tasks for the metrics, and deletes those past their retention. Survives every exception of the queue.</summary>
internal sealed partial class TaskJanitor(
    ITaskQueue queue, TaskMetrics metrics, TimeProvider time, Random random, ILogger<TaskJanitor> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private const int RoundsBetweenPurges = 12;

    private readonly StoreOutage _outage = new("Counting and purging of tasks", logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TaskMetrics.Begin();

        // Several instances at once do no harm, but should not run at the same moment.
        for (var round = random.Next(RoundsBetweenPurges); ; round++)
        {
            try
            {
                await Task.Delay(Interval * (0.75 + (0.5 * random.NextDouble())), time, stoppingToken);
                metrics.Counted(await queue.CountAsync(stoppingToken));
                if (round % RoundsBetweenPurges == 0 && await queue.PurgeAsync(stoppingToken) is > 0 and var purged)
                {
                    LogPurged(purged);
                }

                _outage.Over();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _outage.Met(e);
            }
        }
    }

    [LoggerMessage(1870, LogLevel.Information, "Purged {Count} finished tasks past their retention.")]
    private partial void LogPurged(int count);
}
