using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Ends leases whose owners were silent for too long. A lease ends only after asking the runner itself, and by comparing
/// its stored deadline and expiring it in one step. A clock that was not watched is never trusted: after a start or a gap
/// every live lease first gets one more full lease time (docs/contract/contract.md, Sessions).
/// </summary>
internal sealed partial class Reaper(
    IRunnerEngine engine,
    Leadership leadership,
    RunnerRemover remover,
    RunnerTemplates templates,
    RunnersOptions options,
    RunnerMetrics metrics,
    TimeProvider time,
    ILogger<Reaper> logger)
{
    private const int ParallelRemovals = 4;

    private readonly TimeSpan _interval = TimeSpan.FromSeconds(options.CleanupIntervalSeconds);
    private readonly ClockWatch _clock = new(time, 2 * TimeSpan.FromSeconds(options.CleanupIntervalSeconds));

    /// <summary>Sweeps at every interval until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        metrics.Swept(_interval, time.GetUtcNow());
        using var timer = new PeriodicTimer(_interval, time);
        do
        {
            try
            {
                await SweepAsync(cancellationToken);
            }
            catch (LeadershipLostException)
            {
                leadership.Refused("sweep");
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogSweepFailed(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>
    /// One sweep. Throws without ending anything while engine or store are unreachable; the time until the next successful
    /// sweep counts as a gap.
    /// </summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var store = leadership.Store;
        await engine.PingAsync(cancellationToken);

        // Listed before the look for a gap: the listed leases had expired before any pause that follows.
        var expired = await store.ListExpiredAsync(engine.Instance, cancellationToken);
        _clock.Look();
        if (_clock.HasGap)
        {
            await RenewAsync(store, cancellationToken);
        }

        var refused = false;
        await Parallel.ForEachAsync(
            expired,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelRemovals, CancellationToken = cancellationToken },
            async (runner, stop) =>
            {
                try
                {
                    await ReapAsync(store, runner, stop);
                }
                catch (Exception e) when (e is EngineException or StoreUnavailableException)
                {
                    // A store that refuses writes, for instance on a full disk, has refused the owners' heartbeats as well.
                    refused |= e is StoreUnavailableException;
                    LogReapFailed(runner.Id, e.Message);
                }

                // Removals take time; a process that was suspended during one must find a gap.
                _clock.Look();
            });
        _clock.Look();
        if (refused)
        {
            _clock.Forget();
        }
        else
        {
            metrics.Swept(_interval, time.GetUtcNow());
        }
    }

    private async Task RenewAsync(IRunnerStore store, CancellationToken cancellationToken)
    {
        foreach (var template in templates.All)
        {
            if (template.LeaseTime is { } leaseTime
                && await store.RenewAllAsync(engine.Instance, template.Name, leaseTime, cancellationToken) is > 0 and var renewed)
            {
                LogRenewed(renewed, template.Name, leaseTime.TotalSeconds);
            }
        }

        _clock.Close();
    }

    private async Task ReapAsync(IRunnerStore store, Runner runner, CancellationToken cancellationToken)
    {
        if (runner.State == RunnerState.Leased && await StillUsedAsync(store, runner, cancellationToken))
        {
            return;
        }

        // The second check: only if owner and deadline are unchanged.
        if (await store.ExpireAsync(runner, cancellationToken) is not { } expired)
        {
            return;
        }

        if (runner.State == RunnerState.Leased)
        {
            RunnerMetrics.LeaseExpired(runner.Template);
            LogExpired(runner.Id, runner.Owner, runner.ContactAt);
        }

        await remover.RemoveAsync(expired, runner.State == RunnerState.Leased ? "its lease expired" : "its start expired", cancellationToken);
    }

    private async Task<bool> StillUsedAsync(IRunnerStore store, Runner runner, CancellationToken cancellationToken)
    {
        if (templates.Find(runner.Template)?.LeaseTime is not { } leaseTime
            || await engine.GetIdleTimeAsync(runner, cancellationToken) is not { } idle
            || idle >= leaseTime)
        {
            return false;
        }

        var maxExtension = TimeSpan.FromSeconds(options.MaxActivityExtensionSeconds);
        return await store.ExtendAsync(runner, idle, leaseTime, maxExtension, cancellationToken);
    }

    [LoggerMessage(1050, LogLevel.Warning, "Sweep aborted, nothing is reaped until the next one: {Cause}")]
    private partial void LogSweepFailed(string cause);

    [LoggerMessage(1051, LogLevel.Information, "{Count} {Template} leases renewed after a gap in sweeps: {Seconds} s from now")]
    private partial void LogRenewed(int count, string template, double seconds);

    [LoggerMessage(1052, LogLevel.Information, "Lease of runner {Runner} of {Owner} expired; last contact {Contact:O}")]
    private partial void LogExpired(string runner, Owner? owner, DateTimeOffset? contact);

    [LoggerMessage(1053, LogLevel.Warning, "Runner {Runner} not reaped, retrying in the next sweep: {Cause}")]
    private partial void LogReapFailed(string runner, string cause);
}
