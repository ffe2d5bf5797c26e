using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Maintenance;

/// <summary>
/// Whether this process leads its instance, as the <see cref="IMaintenanceLock"/> decides: requested repeatedly, kept while
/// possible, released at the end.
/// </summary>
internal sealed partial class Leadership(
    IMaintenanceLock maintenance, IRunnerEngine engine, RunnersOptions options, TimeProvider time, ILogger<Leadership> logger)
{
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _limit = TimeSpan.FromSeconds(options.LeaderSeconds);
    private volatile MaintenanceTerm? _term;
    private long _heldAt;

    /// <summary>
    /// The store for changes that only the leader may make. Read it once per look, so that no look continues in a later term
    /// than it began in.
    /// </summary>
    /// <exception cref="LeadershipLostException">This instance does not lead.</exception>
    public IRunnerStore Store => _term?.Store ?? throw new LeadershipLostException(engine.Instance);

    /// <summary>Whether this instance leads, as far as it knows.</summary>
    public bool IsLeading => _term is not null;

    /// <summary>Reports that a look was aborted because the term that it began in is over.</summary>
    public void Refused(string look) => LogRefused(look, engine.Instance);

    /// <summary>Leads whenever possible, until stopped.</summary>
    /// <param name="lead">The leader's work, until the token is cancelled; never throws.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryHoldAsync(cancellationToken))
            {
                await LeadAsync(lead, cancellationToken);
            }
            else
            {
                await PauseAsync(cancellationToken);
            }
        }

        await ReleaseAsync();
    }

    /// <summary>Requests the lock once: takes it, or keeps it.</summary>
    /// <returns>Whether this instance leads. If the term is a new one, the former term is over.</returns>
    public async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        try
        {
            _term = await maintenance.HoldAsync(engine.Instance, _term, _limit, cancellationToken);
            _heldAt = asked;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The lock expires by the store's clock no later than by this one, which started earlier.
            if (_term is null || time.GetElapsedTime(_heldAt) >= _limit)
            {
                _term = null;
            }

            LogUnknown(engine.Instance, e.Message);
        }
        catch (OperationCanceledException)
        {
            // Stopping: a held lock is released at the end.
        }

        return IsLeading;
    }

    private async Task LeadAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        var term = _term!;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (term.Ends)
        {
            LogLeading(term.Instance, term.Number);
        }

        var leading = lead(over.Token);
        while (!cancellationToken.IsCancellationRequested && _term?.Number == term.Number)
        {
            await PauseAsync(cancellationToken, term.Ends);
            if (!cancellationToken.IsCancellationRequested)
            {
                await TryHoldAsync(cancellationToken);
            }
        }

        if (!cancellationToken.IsCancellationRequested)
        {
            LogOver(term.Instance, term.Number);
        }

        await over.CancelAsync();
        await leading;
    }

    private async Task PauseAsync(CancellationToken cancellationToken, bool ends = true) =>
        await Task.Delay(ends ? _limit / 3 : Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task ReleaseAsync()
    {
        if (_term is not { } term)
        {
            return;
        }

        _term = null;
        try
        {
            using var limit = new CancellationTokenSource(ReleaseTime, time);
            await maintenance.ReleaseAsync(term, limit.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            LogUnknown(term.Instance, e.Message);
        }
    }

    [LoggerMessage(1080, LogLevel.Information, "Leading {Instance}, in term {Term}")]
    private partial void LogLeading(string instance, long term);

    [LoggerMessage(1081, LogLevel.Warning, "Lost leadership of {Instance}, held in term {Term}")]
    private partial void LogOver(string instance, long term);

    [LoggerMessage(1083, LogLevel.Information, "Aborted a {Look}: lost leadership of {Instance}")]
    private partial void LogRefused(string look, string instance);

    [LoggerMessage(1082, LogLevel.Warning, "Leadership of {Instance} could not be checked: {Cause}")]
    private partial void LogUnknown(string instance, string cause);
}
