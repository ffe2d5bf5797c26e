namespace Orchestrator.Benchmarks.Measuring;

/// <summary>The goal of a comparison.</summary>
/// <param name="Percent">The percentile that counts, 0 to 100.</param>
/// <param name="AtMost">
/// The largest value that reaches the goal: a ratio of ours to the other, or our figure itself.
/// </param>
internal sealed record Goal(double Percent, double AtMost);

/// <summary>Ours beside a floor (a bound that nothing of this kind could beat) and a peer, measured in turns in one run.</summary>
/// <param name="Title">The measured operation.</param>
/// <param name="Ours">Our figures.</param>
/// <param name="Floor">The floor's; null without one.</param>
/// <param name="Goal">The goal relative to the floor; null without one.</param>
/// <param name="Unit">The unit of every figure.</param>
internal sealed record Comparison(string Title, Samples Ours, Samples? Floor, Goal? Goal, string Unit = "ms")
{
    /// <summary>Another program's figures for the same thing.</summary>
    public Samples? Peer { get; init; }

    /// <summary>Whether the peer is a library in place of a hand-made part of ours.</summary>
    public bool OfPart { get; init; }

    /// <summary>A hand-made part beside the library's.</summary>
    public static Comparison Part(string title, Samples ours, Samples library, string unit) =>
        new(title, ours, null, null, unit) { Peer = library, OfPart = true };

    /// <summary>The goal relative to the peer.</summary>
    public Goal? PeerGoal { get; init; }

    /// <summary>The goal for our figure itself, in <see cref="Unit"/>.</summary>
    public Goal? Limit { get; init; }

    /// <summary>Every goal with the value reached.</summary>
    public IEnumerable<Verdict> Verdicts()
    {
        if (Floor is not null && Goal is not null)
        {
            yield return new Verdict("floor", Goal, Ours.Percentile(Goal.Percent) / Floor.Percentile(Goal.Percent));
        }

        if (Peer is not null && PeerGoal is not null)
        {
            yield return new Verdict("peer", PeerGoal, Ours.Percentile(PeerGoal.Percent) / Peer.Percentile(PeerGoal.Percent));
        }

        if (Limit is not null)
        {
            yield return new Verdict("itself", Limit, Ours.Percentile(Limit.Percent));
        }
    }
}

/// <summary>A goal and the value reached.</summary>
/// <param name="Beside">The divisor of ours: <c>floor</c>, <c>peer</c>, or <c>itself</c> for an undivided figure.</param>
/// <param name="Goal">The goal.</param>
/// <param name="Value">The ratio or figure.</param>
internal sealed record Verdict(string Beside, Goal Goal, double Value)
{
    public bool Reached => Value <= Goal.AtMost;
}
