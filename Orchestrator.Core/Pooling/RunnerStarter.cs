using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Pooling;

/// <summary>Makes a reserved runner real: create, start, wait until ready, attach. A failed start is taken back.</summary>
public sealed partial class RunnerStarter(
    IRunnerEngine engine,
    IRunnerStore store,
    RunnerRemover remover,
    StartGate gate,
    TimeProvider time,
    ILogger<RunnerStarter> logger)
{
    /// <summary>The limit for waiting for a place and for the engine's own work, besides the template's readiness time-out.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    // A reservation outlives the work on it, so that no other instance ends a runner that is still being made.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(5), time, jitter: null);

    // Templates don't change while the process lives, and every claim reads them.
    private readonly ConcurrentDictionary<string, string> _plans = new(StringComparer.Ordinal);

    /// <summary>The reservation for a new runner of a template.</summary>
    public Reservation Reserve(RunnerTemplate template, RunnerNetwork network) => new(
        RunnerId.Create(template.IdPrefix, time.GetUtcNow()),
        template.Name,
        engine.Instance,
        _plans.GetOrAdd(template.Name, static (_, of) => of.engine.PlanOf(of.template), (engine, template)),
        RunnerId.CreateToken(),
        network,
        network == RunnerNetwork.None ? null : template.FirstPort,
        ReservationTime(template));

    /// <summary>Starts a reserved runner and attaches it: leased to its owner where it has one, idle else.</summary>
    /// <exception cref="EngineException">It could not be made; its reservation and container are gone, or will be.</exception>
    public async Task<Runner> StartAsync(Runner reserved, RunnerTemplate template, CancellationToken cancellationToken)
    {
        using var activity = OrchestratorTelemetry.Source.StartActivity("runner.start");
        activity?.SetTag("runner", reserved.Id);
        var runner = reserved;
        var started = time.GetTimestamp();
        try
        {
            (runner, var placement, var spec) = await PlaceAsync(runner, template, cancellationToken);
            var running = time.GetElapsedTime(started);
            await engine.WaitUntilReadyAsync(spec, placement, cancellationToken);
            var attached = await store.AttachAsync(runner.Id, runner.Fence, placement, template.LeaseTime, cancellationToken)
                ?? throw new EngineException($"The reservation of runner {runner.Id} ended while it was being made.");
            LogStarted(attached.Id, Owner.NameOf(attached.Owner), running.TotalMilliseconds, time.GetElapsedTime(started).TotalMilliseconds);
            return attached;
        }
        catch (Exception e)
        {
            RunnerMetrics.StartFailed(template.Name);
            LogStartFailed(runner.Id, Owner.NameOf(runner.Owner), e.Message);
            if (!await TryTakeBackAsync(runner))
            {
                _ = KeepTakingBackAsync(runner, template);
            }

            throw;
        }
    }

    private async Task<(Runner Runner, RunnerPlacement Placement, RunnerSpec Spec)> PlaceAsync(
        Runner runner, RunnerTemplate template, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StartLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var place = await gate.EnterAsync(urgent: runner.Owner is not null, either.Token);
            while (true)
            {
                var spec = new RunnerSpec(runner.Id, template, runner.Owner, runner.Token!, runner.Network, runner.Port);
                try
                {
                    return (runner, await engine.StartAsync(spec, either.Token), spec);
                }
                catch (PortTakenException taken) when (runner.Port is { } port)
                {
                    LogPortTaken(runner.Id, port);
                    runner = await store.MovePortAsync(runner.Id, runner.Fence, port, either.Token)
                        ?? throw new EngineException($"No port from {template.FirstPort} up is free.", taken);
                }
            }
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new EngineUnavailableException($"The engine did not start runner {runner.Id} within {StartLimit.TotalSeconds:F0} s.", e);
        }
    }

    private async Task<bool> TryTakeBackAsync(Runner runner)
    {
        try
        {
            if (await store.BeginRemoveAsync(runner.Id, runner.Fence, CancellationToken.None) is { } removing)
            {
                await remover.RemoveAsync(removing, "its start failed", CancellationToken.None);
            }
            else if (await store.GetAsync(runner.Id, CancellationToken.None) is null)
            {
                // Another instance ended the reservation, and may have looked for the container before it existed.
                await engine.RemoveAsync(runner.Id, null, CancellationToken.None);
            }

            return true;
        }
        catch (Exception e)
        {
            LogTakeBackFailed(runner.Id, e.Message);
            return false;
        }
    }

    /// <summary>
    /// Retries until engine and store accept it, so that the owner need not wait for the reservation to expire; after that
    /// the reaper removes the runner.
    /// </summary>
    private async Task KeepTakingBackAsync(Runner runner, RunnerTemplate template)
    {
        var failed = time.GetTimestamp();
        for (var attempt = 1; time.GetElapsedTime(failed) < ReservationTime(template); attempt++)
        {
            await _backoff.WaitAsync(attempt, CancellationToken.None);
            if (await TryTakeBackAsync(runner))
            {
                return;
            }
        }
    }

    private static TimeSpan ReservationTime(RunnerTemplate template) => StartLimit + template.Ready.Timeout + Margin;

    [LoggerMessage(1010, LogLevel.Information, "Started runner {Runner} for {Owner}: running after {RunningMs:F0} ms, ready after {ReadyMs:F0} ms")]
    private partial void LogStarted(string runner, string owner, double runningMs, double readyMs);

    [LoggerMessage(1011, LogLevel.Warning, "Could not start runner {Runner} for {Owner}: {Cause}")]
    private partial void LogStartFailed(string runner, string owner, string cause);

    [LoggerMessage(1012, LogLevel.Information, "Port {Port} of runner {Runner} is taken; moving on")]
    private partial void LogPortTaken(string runner, int port);

    [LoggerMessage(1013, LogLevel.Warning, "Runner {Runner} not taken back, retrying until its reservation expires: {Cause}")]
    private partial void LogTakeBackFailed(string runner, string cause);
}
