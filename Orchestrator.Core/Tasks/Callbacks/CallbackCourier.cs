using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Callbacks;

/// <summary>
/// Delivers the outbox's callbacks: at once, then after 0.5, 1, 2, 4 … at most 60 seconds, for 10 minutes from the task's
/// end. Due times are in the store, so restarts lose nothing; any worker may deliver. Survives every exception of the
/// outbox and the sender.
/// </summary>
internal sealed partial class CallbackCourier(
    ICallbackOutbox outbox, ITaskQueue queue, ICallbackSender sender, TimeProvider time, Random random, ILogger<CallbackCourier> logger)
    : BackgroundService
{
    private const int AtOnce = 16;

    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(10);

    // Longer than any attempt takes; after that another worker may deliver.
    private static readonly TimeSpan Visibility = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(15);

    private readonly Backoff _retries = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(60), time, jitter: null);
    private readonly Backoff _storeRetries = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(10), time, random);
    private readonly StoreOutage _outage = new("Callbacks", logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var wakeup = new Wakeup(time);
        using var subscription = queue.OnWork(wakeup.Call);
        for (var failures = 0; ;)
        {
            try
            {
                var batch = await outbox.ClaimCallbacksAsync(AtOnce, Visibility, stoppingToken);
                await Task.WhenAll(batch.Callbacks.Select(callback => DeliverAsync(callback, stoppingToken)));
                failures = 0;
                _outage.Over();
                if (batch.Callbacks.Count > 0)
                {
                    continue;
                }

                await wakeup.WaitAsync(batch.NextDue is { } due && due < LongestSleep ? due + TimeSpan.FromMilliseconds(2) : LongestSleep, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _outage.Met(e);
                await _storeRetries.WaitAsync(++failures, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task DeliverAsync(DueCallback callback, CancellationToken cancellationToken)
    {
        // The rest of an address may hold its owner's secrets.
        var (task, url) = (callback.Task, new Uri(callback.Task.Spec.Callback!.Url).Authority);
        ActivityContext.TryParse(task.Spec.TraceParent, null, out var parent);
        using var activity = OrchestratorTelemetry.Source.StartActivity("callback", ActivityKind.Producer, parent);
        activity?.SetTag("task.id", task.Id).SetTag("callback.attempt", callback.Attempt);

        var started = time.GetTimestamp();
        var delivery = await SendAsync(task, cancellationToken);
        TimeSpan? again = null;
        if (delivery.Delivered)
        {
            LogDelivered(task.Id, url, callback.Attempt);
        }
        else
        {
            activity?.SetStatus(ActivityStatusCode.Error, delivery.Reason);
            var pause = _retries.After(callback.Attempt);
            again = delivery.Retry && callback.Age + time.GetElapsedTime(started) + pause < GiveUpAfter ? pause : null;
            if (again is null)
            {
                LogGivenUp(task.Id, url, callback.Attempt, delivery.Reason);
            }
            else
            {
                LogFailed(task.Id, url, callback.Attempt, pause.TotalSeconds, delivery.Reason);
            }
        }

        TaskMetrics.CallbackAttempted(delivery.Delivered ? "delivered" : again is null ? "given_up" : "retry");
        await outbox.SettleCallbackAsync(callback, again, CancellationToken.None);
    }

    private async Task<Delivery> SendAsync(TaskRecord task, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(task, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A defect must not keep one callback due for ever.
            return new Delivery(false, Retry: true, $"{e.GetType().Name}: {e.Message}");
        }
    }

    [LoggerMessage(1890, LogLevel.Information, "Callback for task {TaskId} to {Url} delivered, attempt {Attempt}.")]
    private partial void LogDelivered(string taskId, string url, int attempt);

    [LoggerMessage(1891, LogLevel.Warning, "Callback for task {TaskId} to {Url} failed, attempt {Attempt}, next in {Seconds} s: {Reason}")]
    private partial void LogFailed(string taskId, string url, int attempt, double seconds, string? reason);

    [LoggerMessage(1892, LogLevel.Error, "Callback for task {TaskId} to {Url} failed for good after attempt {Attempt}: {Reason}")]
    private partial void LogGivenUp(string taskId, string url, int attempt, string? reason);
}
