using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Runners.Engine;
using Orchestrator.Core.Runners.Options;
using Orchestrator.Core.Runners.Store;

namespace Orchestrator.Core.Runners;

/// <summary>
/// Leases runners to owners: the one way in for sessions, machines and tasks. Calls for one owner are linear: whatever
/// comes together ends as if it had come one after the other.
/// </summary>
/// <remarks>
/// A warm claim touches the store once and the engine never. A cold one reserves the owner's place first, so that a
/// crash at any moment leaves a record of what was being made. Unless said otherwise calls throw
/// <see cref="StoreUnavailableException"/> and <see cref="EngineUnavailableException"/>, having lost nothing.
/// </remarks>
public sealed partial class RunnerLeases
{
    private readonly IRunnerEngine _engine;
    private readonly IRunnerStore _store;
    private readonly RunnerStarter _starter;
    private readonly RunnerRemover _remover;
    private readonly RunnerSignals _signals;
    private readonly OwnerTeller _teller;
    private readonly Afterwards _afterwards;
    private readonly RunnersOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RunnerLeases> _logger;
    private readonly ConcurrentDictionary<string, Task<Runner>> _starts = new(StringComparer.Ordinal);

    internal RunnerLeases(
        IRunnerEngine engine,
        IRunnerStore store,
        RunnerStarter starter,
        RunnerRemover remover,
        RunnerSignals signals,
        OwnerTeller teller,
        Afterwards afterwards,
        RunnersOptions options,
        TimeProvider time,
        ILogger<RunnerLeases> logger)
    {
        _engine = engine;
        _store = store;
        _starter = starter;
        _remover = remover;
        _signals = signals;
        _teller = teller;
        _afterwards = afterwards;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>Gives an owner its runner: the one it has, a warm one, or a new one. Idempotent per owner.</summary>
    /// <exception cref="CapacityExhaustedException">The limit stayed reached for <see cref="RunnersOptions.ProvisionWaitSeconds"/>.</exception>
    /// <exception cref="RunnerImageMissingException">The template's image is not there.</exception>
    /// <exception cref="RunnerNotReadyException">The runner did not get ready in time, and was removed.</exception>
    public Task<ProvisionResult> ProvisionAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken) =>
        RunnerMetrics.WatchAsync(QueueAndClaimAsync(template, owner, network, cancellationToken), template, cancellationToken);

    /// <summary>
    /// Gives everybody the same runner: the one that somebody has of a template with a limit of one, else one for
    /// <paramref name="owner"/>.
    /// </summary>
    /// <inheritdoc cref="ProvisionAsync" path="/exception"/>
    public Task<ProvisionResult> ProvisionSharedAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken) =>
        RunnerMetrics.WatchAsync(ClaimSharedAsync(template, owner, network, cancellationToken), template, cancellationToken);

    private async Task<ProvisionResult> QueueAndClaimAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken)
    {
        var line = _signals.Line(template.Name);
        var started = _time.GetTimestamp();
        var wait = TimeSpan.FromSeconds(_options.ProvisionWaitSeconds);

        // Whoever comes while others wait does not overtake them, unless it has its runner already.
        var claim = await ClaimAsync(template, owner, network, line.IsEmpty ? template.MaxLeased : 0, cancellationToken);
        if (claim.Outcome == ClaimOutcome.Full)
        {
            using var place = line.Join();
            do
            {
                if (!await place.WaitAsync(wait - _time.GetElapsedTime(started), cancellationToken))
                {
                    LogCapacityExhausted(template.Name, owner, wait.TotalSeconds);
                    throw new CapacityExhaustedException(template.Name, wait);
                }

                claim = await ClaimAsync(template, owner, network, template.MaxLeased, cancellationToken);
            }
            while (claim.Outcome == ClaimOutcome.Full);
        }

        return await FinishClaimAsync(claim, template, owner, network, started, cancellationToken);
    }

    private async Task<ProvisionResult> ClaimSharedAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            var holder = await FindSharedAsync(template, cancellationToken);
            if (holder is not null)
            {
                owner = holder.Owner!.Value;
            }

            var claim = await ClaimAsync(template, owner, network, 1, cancellationToken);
            if (claim.Outcome != ClaimOutcome.Full)
            {
                return await FinishClaimAsync(claim, template, owner, network, started, cancellationToken);
            }
        }
    }

    /// <summary>The runner that everybody shares, leased or being made; null when there is none.</summary>
    public async ValueTask<Runner?> FindSharedAsync(RunnerTemplate template, CancellationToken cancellationToken)
    {
        var runners = await _store.ListAsync(_engine.GroupId, cancellationToken);
        return runners.FirstOrDefault(r => r.Template == template.Name && r.Owner is not null && r.State is RunnerState.Leased or RunnerState.Creating);
    }

    /// <summary>A sign of life from an owner: its lease lives for one full time from now. Durable when answered.</summary>
    /// <returns>Its runner; null when it has no leased one.</returns>
    public ValueTask<Runner?> HeartbeatAsync(RunnerTemplate template, Owner owner, CancellationToken cancellationToken) =>
        _store.TouchAsync(template.Name, owner, template.LeaseTime, cancellationToken);

    /// <summary>The runner of an owner, whatever its state; null when it has none.</summary>
    public ValueTask<Runner?> FindAsync(RunnerTemplate template, Owner owner, CancellationToken cancellationToken) =>
        _store.FindAsync(template.Name, owner, cancellationToken);

    /// <summary>Every runner of this orchestrator's engine, oldest first.</summary>
    public ValueTask<IReadOnlyList<Runner>> ListAsync(CancellationToken cancellationToken) =>
        _store.ListAsync(_engine.GroupId, cancellationToken);

    /// <summary>Runs a command in an owner's runner. For as long as it runs the lease lives.</summary>
    /// <returns>How it ended; null when the owner has no leased runner, or it died meanwhile.</returns>
    public async Task<ExecResult?> ExecAsync(
        RunnerTemplate template, Owner owner, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        if (await HeartbeatAsync(template, owner, cancellationToken) is not { Placement: { } placement } runner)
        {
            return null;
        }

        ExecResult result;
        await using (KeepAlive.While(_store, runner, template.LeaseTime, _time))
        {
            try
            {
                result = await _engine.ExecAsync(placement.ContainerId, request, output, cancellationToken);
            }
            catch (RunnerGoneException)
            {
                return null;
            }
        }

        if (result.StillRunning)
        {
            LogCommandEscaped(runner.Id, owner);
            await DestroyAsync(runner, cancellationToken);
        }

        return result;
    }

    /// <summary>Copies the log of an owner's runner.</summary>
    /// <returns>False when the owner has no leased runner.</returns>
    public async Task<bool> CopyLogsAsync(
        RunnerTemplate template, Owner owner, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken)
    {
        if (await FindAsync(template, owner, cancellationToken) is not { State: RunnerState.Leased, Placement: { } placement })
        {
            return false;
        }

        try
        {
            await _engine.CopyLogsAsync(placement.ContainerId, follow, tail, output, cancellationToken);
            return true;
        }
        catch (RunnerGoneException)
        {
            return false;
        }
    }

    private ValueTask<ClaimResult> ClaimAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, int? maxLeased, CancellationToken cancellationToken) =>
        _store.ClaimAsync(
            new ClaimRequest(owner, template.LeaseTime, maxLeased, network == RunnerNetwork.Bridge, _starter.Reserve(template, network)),
            cancellationToken);

    private async Task<ProvisionResult> FinishClaimAsync(
        ClaimResult claim, RunnerTemplate template, Owner owner, RunnerNetwork network, long started, CancellationToken cancellationToken)
    {
        while (true)
        {
            var runner = claim.Runner!;
            switch (claim.Outcome)
            {
                case ClaimOutcome.Warm:
                    return Provisioned(runner, warm: true);

                case ClaimOutcome.Reserved:
                    return Provisioned(await StartAsync(runner, template, cancellationToken), warm: false);

                case ClaimOutcome.Full:
                    // The place that this owner's last runner held was given away while it ended.
                    return await QueueAndClaimAsync(template, owner, network, cancellationToken);
            }

            if (runner.State == RunnerState.Leased)
            {
                return new ProvisionResult(runner, false);
            }

            if (runner.State == RunnerState.Removing)
            {
                await _remover.RemoveAsync(runner, "its owner provisions anew", cancellationToken);
            }
            else if (await JoinAsync(runner, cancellationToken) is { } joined)
            {
                return new ProvisionResult(joined, false);
            }

            claim = await ClaimAsync(template, owner, network, template.MaxLeased, cancellationToken);
        }

        ProvisionResult Provisioned(Runner runner, bool warm)
        {
            var took = _time.GetElapsedTime(started);
            _afterwards.Do(() =>
            {
                RunnerMetrics.Provisioned(took, warm, template.Name);
                LogProvisioned(runner.Id, owner, warm ? "warm" : "cold", took.TotalMilliseconds);
                if (warm)
                {
                    _signals.Changed(template.Name);
                    _teller.Tell(runner);
                }
            });
            return new ProvisionResult(runner, true);
        }
    }

    private async Task<Runner> StartAsync(Runner reserved, RunnerTemplate template, CancellationToken cancellationToken)
    {
        // Others may join: a start goes on when the caller who began it leaves.
        var start = Task.Run(() => _starter.StartAsync(reserved, template, CancellationToken.None), CancellationToken.None);
        _starts[reserved.Id] = start;
        _ = start.ContinueWith(_ => _starts.TryRemove(reserved.Id, out var _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return await start.WaitAsync(cancellationToken);
    }

    /// <summary>Waits for a start that is under way here or elsewhere; null when it was given up.</summary>
    private async Task<Runner?> JoinAsync(Runner creating, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(5);
        while (true)
        {
            if (_starts.TryGetValue(creating.Id, out var start))
            {
                return await start.WaitAsync(cancellationToken);
            }

            var runner = await _store.GetAsync(creating.Id, cancellationToken);
            if (runner is not { State: RunnerState.Creating })
            {
                return runner is { State: RunnerState.Leased } && runner.Owner == creating.Owner ? runner : null;
            }

            if (await _store.ExpireAsync(runner, cancellationToken) is { } expired)
            {
                await _remover.RemoveAsync(expired, "whoever made it is gone", cancellationToken);
                return null;
            }

            await Task.Delay(pause, _time, cancellationToken);
            pause = TimeSpan.FromMilliseconds(Math.Min(200, pause.TotalMilliseconds * 2));
        }
    }

    [LoggerMessage(1020, LogLevel.Information, "Provisioned runner {Runner} for {Owner}: {Path}, in {Milliseconds:F2} ms")]
    private partial void LogProvisioned(string runner, Owner owner, string path, double milliseconds);

    [LoggerMessage(1022, LogLevel.Warning, "No {Template} runner for {Owner}: the limit stayed reached for {Seconds} s")]
    private partial void LogCapacityExhausted(string template, Owner owner, double seconds);

    [LoggerMessage(1023, LogLevel.Warning, "A command in runner {Runner} of {Owner} outlived its time and can't be killed alone; removing the runner")]
    private partial void LogCommandEscaped(string runner, Owner owner);
}
