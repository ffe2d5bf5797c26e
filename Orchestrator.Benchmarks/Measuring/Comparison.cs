namespace Orchestrator.Benchmarks.Measuring;

/// <summary>What a comparison is judged by.</summary>
/// <param name="Percent">The percentile that counts, 0 to 100.</param>
/// <param name="AtMost">
/// The largest value that reaches the goal: of the ratio of ours to the other, or of our figure itself.
/// </param>
internal sealed record Goal(double Percent, double AtMost);

/// <summary>Ours beside a floor (what nothing of this kind could beat) and a peer, taken in turns in one run.</summary>
/// <param name="Title">What was measured.</param>
/// <param name="Ours">Our figures.</param>
/// <param name="Floor">The floor's; null without one.</param>
/// <param name="Goal">How near the floor ours has to come; null without a goal.</param>
/// <param name="Unit">The unit of every figure.</param>
internal sealed record Comparison(string Title, Samples Ours, Samples? Floor, Goal? Goal, string Unit = "ms")
{
    /// <summary>Another program's figures for the same thing.</summary>
    public Samples? Peer { get; init; }

    /// <summary>Whether the peer is what a library does in the place of a hand-made part of ours.</summary>
    public bool OfPart { get; init; }

    /// <summary>A hand-made part beside the library's.</summary>
    public static Comparison Part(string title, Samples ours, Samples library, string unit) =>
        new(title, ours, null, null, unit) { Peer = library, OfPart = true };

    /// <summary>How ours has to stand beside the peer.</summary>
    public Goal? PeerGoal { get; init; }

    /// <summary>What our figure itself may be at most, in <see cref="Unit"/>.</summary>
    public Goal? Limit { get; init; }

    /// <summary>Every goal there is, with what was reached.</summary>
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

/// <summary>A goal, and what was reached of it.</summary>
/// <param name="Beside">What ours was divided by: <c>floor</c>, <c>peer</c>, or <c>itself</c> for a figure as it stands.</param>
/// <param name="Goal">The goal.</param>
/// <param name="Value">The ratio or figure.</param>
internal sealed record Verdict(string Beside, Goal Goal, double Value)
{
    public bool Reached => Value <= Goal.AtMost;
}
