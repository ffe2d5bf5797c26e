using System.Collections.Concurrent;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Probes;

/// <summary>
/// Waits for a probe, and for the runner's death beside it. Begins shortly before the fastest runner of its kind was ready,
/// then asks often, since a user waits for every millisecond, then less often, since each probe takes time from the
/// starting program.
/// </summary>
internal sealed class ReadinessWait(TimeProvider time)
{
    private const double Early = 0.75;
    private const double Growth = 1.2;

    // A slow first start, with cold caches, must not delay fast ones.
    private static readonly TimeSpan LongestHeadStart = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, TimeSpan> _fastest = new(StringComparer.Ordinal);

    /// <summary>Returns when the probe says ready.</summary>
    /// <param name="kind">The group with a common start time: the template's name.</param>
    /// <param name="probe">The probe to repeat.</param>
    /// <param name="limit">How long to ask.</param>
    /// <param name="whyDead">Returns why the runner is dead; null while it runs. Called twice a second.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RunnerNotReadyException">It died, or the time limit expired.</exception>
    public async Task UntilReadyAsync(
        string kind, IReadinessProbe probe, TimeSpan limit, Func<CancellationToken, Task<string?>> whyDead, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, timer.Token);
        var asking = AskAsync(kind, probe, either.Token);
        var looking = LookAsync(whyDead, either.Token);
        try
        {
            if (await Task.WhenAny(asking, looking) == looking && !asking.IsCompletedSuccessfully && await looking is { } reason)
            {
                throw new RunnerNotReadyException(reason);
            }

            await asking;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && timer.IsCancellationRequested)
        {
            throw new RunnerNotReadyException($"Not ready within {limit.TotalSeconds} s: {probe.Target} did not answer as it should.");
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(asking, looking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(string kind, IReadinessProbe probe, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var asked = TimeSpan.Zero;
        if (_fastest.TryGetValue(kind, out var fastest))
        {
            var headStart = fastest * Early;
            await Task.Delay(headStart < LongestHeadStart ? headStart : LongestHeadStart, time, cancellationToken);
        }

        for (var pause = FirstPause; !await AskNowAsync(); pause = Longer(pause))
        {
            await Task.Delay(pause, time, cancellationToken);
        }

        // From the time of the question, not of the answer: a program's first answer is slow at any time.
        _fastest.AddOrUpdate(kind, asked, (_, known) => asked < known ? asked : known);

        Task<bool> AskNowAsync()
        {
            asked = time.GetElapsedTime(began);
            return AskOnceAsync(probe, cancellationToken);
        }
    }

    private async Task<bool> AskOnceAsync(IReadinessProbe probe, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await probe.IsReadyAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<string?> LookAsync(Func<CancellationToken, Task<string?>> whyDead, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(BetweenLooks, time, cancellationToken);
            if (await whyDead(cancellationToken) is { } reason)
            {
                return reason;
            }
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * Growth < LongestPause ? pause * Growth : LongestPause;
}
