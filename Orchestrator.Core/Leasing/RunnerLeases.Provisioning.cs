using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Leasing;

/// <summary>How owners get their runners.</summary>
public sealed partial class RunnerLeases
{
    /// <summary>Gives an owner its runner: its current one, a warm one, or a new one. Idempotent per owner.</summary>
    /// <param name="template">What to lease.</param>
    /// <param name="owner">For whom.</param>
    /// <param name="network">The network it needs.</param>
    /// <param name="cancellationToken">Stops waiting; a runner being made is completed and stays the owner's.</param>
    /// <param name="defer">
    /// False when the caller calls <see cref="Defer"/> itself, after sending its own answer: deferring wakes threads, which
    /// would delay the answer.
    /// </param>
    /// <exception cref="CapacityExhaustedException">The limit stayed reached for <see cref="RunnerTemplate.PlaceWait"/>.</exception>
    /// <exception cref="RunnerImageMissingException">The template's image is missing.</exception>
    /// <exception cref="RunnerNotReadyException">The runner was not ready in time, and was removed.</exception>
    public Task<ProvisionResult> ProvisionAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken, bool defer = true) =>
        RunnerMetrics.WatchAsync(QueueAndClaimAsync(Begin(template, owner, network, defer), cancellationToken), template, cancellationToken);

    /// <summary>
    /// Gives every caller the same runner: the current one of a template with a limit of one, else one for
    /// <paramref name="owner"/>.
    /// </summary>
    /// <inheritdoc cref="ProvisionAsync" path="/param"/>
    /// <inheritdoc cref="ProvisionAsync" path="/exception"/>
    public Task<ProvisionResult> ProvisionSharedAsync(
        RunnerTemplate template, Owner owner, RunnerNetwork network, CancellationToken cancellationToken, bool defer = true) =>
        RunnerMetrics.WatchAsync(ClaimSharedAsync(Begin(template, owner, network, defer), cancellationToken), template, cancellationToken);

    /// <summary>
    /// Defers a provision's work: the refill of its pool, the container's new name, metrics and the log. Required once for
    /// each result of a provision with <c>defer</c> false; does nothing for others.
    /// </summary>
    public void Defer(ProvisionResult provisioned)
    {
        if (provisioned.Deferred is not { } provision)
        {
            return;
        }

        deferred.Do(() =>
        {
            var runner = provisioned.Runner;
            RunnerMetrics.Provisioned(provision.Took, provision.Warm, runner.Template);
            LogProvisioned(runner.Id, provision.Owner, provision.Warm ? "warm" : "cold", provision.Took.TotalMilliseconds);
            if (provision.Warm)
            {
                signals.Changed(runner.Template);
                teller.Tell(runner);
            }
        });
    }

    private Provision Begin(RunnerTemplate template, Owner owner, RunnerNetwork network, bool defer) =>
        new(template, owner, network, defer, time.GetTimestamp());

    private async Task<ProvisionResult> QueueAndClaimAsync(Provision provision, CancellationToken cancellationToken)
    {
        var template = provision.Template;
        var queue = signals.Queue(template.Name);
        var wait = template.PlaceWait;

        // A new call does not overtake waiting ones, unless its owner has a runner already.
        var claim = await ClaimAsync(provision, queue.IsEmpty ? template.MaxLeased : 0, cancellationToken);
        if (claim.Outcome == ClaimOutcome.Full)
        {
            // Disposed when the wait ends: an abandoned place would block later calls.
            using var place = wait > TimeSpan.Zero ? queue.Join() : null;
            do
            {
                if (place is null || !await place.WaitAsync(wait - time.GetElapsedTime(provision.Started), cancellationToken))
                {
                    LogCapacityExhausted(template.Name, provision.Owner, wait.TotalSeconds);
                    throw new CapacityExhaustedException(template.Name, wait);
                }

                claim = await ClaimAsync(provision, template.MaxLeased, cancellationToken);
            }
            while (claim.Outcome == ClaimOutcome.Full);
        }

        return await FinishClaimAsync(claim, provision, cancellationToken);
    }

    private async Task<ProvisionResult> ClaimSharedAsync(Provision provision, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindSharedAsync(provision.Template, cancellationToken) is { Owner: { } holder })
            {
                provision = provision with { Owner = holder };
            }

            var claim = await ClaimAsync(provision, 1, cancellationToken);
            if (claim.Outcome != ClaimOutcome.Full)
            {
                return await FinishClaimAsync(claim, provision, cancellationToken);
            }
        }
    }

    private ValueTask<ClaimResult> ClaimAsync(Provision provision, int? maxLeased, CancellationToken cancellationToken)
    {
        var (template, owner, network, _, _) = provision;
        return store.ClaimAsync(
            new ClaimRequest(owner, template.LeaseTime, maxLeased, network == RunnerNetwork.Bridge, starter.Reserve(template, network)),
            cancellationToken);
    }

    private async Task<ProvisionResult> FinishClaimAsync(ClaimResult claim, Provision provision, CancellationToken cancellationToken)
    {
        var template = provision.Template;
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
                    // Another call took the place of this owner's last runner while that runner ended.
                    return await QueueAndClaimAsync(provision, cancellationToken);
            }

            if (runner.State == RunnerState.Leased)
            {
                return new ProvisionResult(runner, false);
            }

            if (runner.State == RunnerState.Removing)
            {
                await remover.RemoveAsync(runner, "its owner provisions again", cancellationToken);
            }
            else if (await JoinAsync(runner, cancellationToken) is { } joined)
            {
                return new ProvisionResult(joined, false);
            }

            claim = await ClaimAsync(provision, template.MaxLeased, cancellationToken);
        }

        ProvisionResult Provisioned(Runner runner, bool warm)
        {
            var result = new ProvisionResult(runner, true)
            {
                Deferred = new DeferredProvision(provision.Owner, warm, time.GetElapsedTime(provision.Started)),
            };
            if (!provision.Defer)
            {
                return result;
            }

            Defer(result);
            return result with { Deferred = null };
        }
    }

    private async Task<Runner> StartAsync(Runner reserved, RunnerTemplate template, CancellationToken cancellationToken)
    {
        // Others may join: a start continues when its first caller leaves.
        var start = Task.Run(() => starter.StartAsync(reserved, template, CancellationToken.None), CancellationToken.None);
        _starts[reserved.Id] = start;
        _ = start.ContinueWith(_ => _starts.TryRemove(reserved.Id, out var _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return await start.WaitAsync(cancellationToken);
    }

    /// <summary>Waits for a start that runs here or elsewhere; null when it was abandoned.</summary>
    private async Task<Runner?> JoinAsync(Runner creating, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(200), time, jitter: null);
        for (var look = 1; ; look++)
        {
            if (_starts.TryGetValue(creating.Id, out var start))
            {
                return await start.WaitAsync(cancellationToken);
            }

            var runner = await store.GetAsync(creating.Id, cancellationToken);
            if (runner is not { State: RunnerState.Creating })
            {
                return runner is { State: RunnerState.Leased } && runner.Owner == creating.Owner ? runner : null;
            }

            if (await store.ExpireAsync(runner, cancellationToken) is { } expired)
            {
                await remover.RemoveAsync(expired, "its creator is gone", cancellationToken);
                return null;
            }

            await backoff.WaitAsync(look, cancellationToken);
        }
    }

    private readonly record struct Provision(
        RunnerTemplate Template, Owner Owner, RunnerNetwork Network, bool Defer, long Started);

    [LoggerMessage(1020, LogLevel.Information, "Provisioned runner {Runner} for {Owner}: {Path}, in {Milliseconds:F2} ms")]
    private partial void LogProvisioned(string runner, Owner owner, string path, double milliseconds);

    [LoggerMessage(1022, LogLevel.Warning, "No {Template} runner for {Owner}: the limit is reached, after a wait of {Seconds} s")]
    private partial void LogCapacityExhausted(string template, Owner owner, double seconds);
}
