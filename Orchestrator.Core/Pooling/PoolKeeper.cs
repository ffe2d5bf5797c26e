using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Pooling;

/// <summary>
/// Keeps a template's pool filled, off the hot path: a bounded number of starts at a time, and after a failure one
/// attempt at a time with growing, jittered pauses until one succeeds, so that a failing engine is not stampeded.
/// </summary>
internal sealed partial class PoolKeeper(
    RunnerTemplate template,
    IRunnerEngine engine,
    Leadership leadership,
    RunnerStarter starter,
    RunnerRemover remover,
    RunnerSignals signals,
    RunnerMetrics metrics,
    RunnersOptions options,
    TimeProvider time,
    Random random,
    ILogger<PoolKeeper> logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30), time, random);
    private int _starting;
    private int _failures;
    private long _pauseBegan;
    private TimeSpan _pause;

    /// <summary>Keeps the pool until stopped. Running starts continue; <see cref="DrainAsync"/> waits for them.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(cancellationToken);
            }
            catch (LeadershipLostException)
            {
                leadership.Refused("refill");
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogKeepFailed(template.Name, e.Message);
            }

            await WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits for the running starts.</summary>
    public async Task DrainAsync()
    {
        while (Volatile.Read(ref _starting) > 0)
        {
            await signals.WaitForChangeAsync(template.Name, CancellationToken.None);
        }
    }

    /// <summary>One look: begins as many starts as are missing and allowed, and removes one batch of surplus runners.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        var store = leadership.Store;
        var counts = await store.CountAsync(engine.Instance, template.Name, cancellationToken);
        metrics.Counted(template.Name, counts);

        // A runner that could never be leased is not worth keeping.
        var target = Math.Min(template.MinIdle, (template.MaxLeased ?? int.MaxValue) - counts.Leased - counts.Creating);
        var missing = target - counts.Idle - counts.Refilling;
        while (missing-- > 0 && MayStart() && !cancellationToken.IsCancellationRequested)
        {
            if (await store.ReserveIdleAsync(starter.Reserve(template, RunnerNetwork.Bridge), target, cancellationToken) is not { } reserved)
            {
                break;
            }

            Interlocked.Increment(ref _starting);
            _ = Task.Run(() => FillAsync(reserved), CancellationToken.None);
        }

        if (counts.Idle > template.MaxIdle)
        {
            await RemoveSurplusAsync(store, counts.Idle - template.MaxIdle, cancellationToken);
        }
    }

    private bool MayStart() =>
        _failures == 0 ? Volatile.Read(ref _starting) < options.MaxParallelStarts
        : Volatile.Read(ref _starting) == 0 && PauseLeft <= TimeSpan.Zero;

    // Measured by a monotonic clock, since the wall clock may be set.
    private TimeSpan PauseLeft => _pause - time.GetElapsedTime(_pauseBegan);

    private async Task FillAsync(Runner reserved)
    {
        try
        {
            await starter.StartAsync(reserved, template, CancellationToken.None);
            if (Interlocked.Exchange(ref _failures, 0) > 0)
            {
                LogRecovered(template.Name);
            }
        }
        catch (Exception e)
        {
            var failures = Interlocked.Increment(ref _failures);
            _pause = _backoff.After(failures);
            _pauseBegan = time.GetTimestamp();
            LogFillFailed(template.Name, failures, _pause.TotalSeconds, e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _starting);
            signals.Changed(template.Name);
        }
    }

    private async Task RemoveSurplusAsync(IRunnerStore store, int surplus, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var idle = (await store.ListAsync(engine.Instance, cancellationToken))
            .Where(r => r.Template == template.Name && r.State == RunnerState.Idle && now - r.IdleSince >= template.SurplusAfter)
            .Take(surplus);
        foreach (var runner in idle)
        {
            if (await store.BeginRemoveAsync(runner.Id, runner.Fence, cancellationToken) is { } removing)
            {
                await remover.RemoveAsync(removing, "more idle runners than needed", cancellationToken);
            }
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        var pause = _failures > 0 && PauseLeft is var left && left < LookAgain ? left : LookAgain;
        using var limit = new CancellationTokenSource(pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await signals.WaitForChangeAsync(template.Name, either.Token);
        }
        catch (OperationCanceledException)
        {
            // Time for another look, or to stop.
        }
    }

    [LoggerMessage(1040, LogLevel.Warning, "Pool of {Template} runners not checked: {Cause}")]
    private partial void LogKeepFailed(string template, string cause);

    [LoggerMessage(1041, LogLevel.Warning, "Refill of the {Template} pool failed {Failures} times, next attempt in {Seconds:F1} s: {Cause}")]
    private partial void LogFillFailed(string template, int failures, double seconds, string cause);

    [LoggerMessage(1042, LogLevel.Information, "Refill of the {Template} pool works again")]
    private partial void LogRecovered(string template);
}
