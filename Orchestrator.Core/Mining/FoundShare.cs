namespace Orchestrator.Core.Mining;

/// <summary>Makes submissions of what our own searches find.</summary>
internal static class FoundShare
{
    /// <summary>
    /// The submission of a found header. Its id is made of the hash, so that a share that is found twice, after a crash
    /// or by two workers, counts once.
    /// </summary>
    public static Submission Of(NonceSearchResult found, double difficulty, long roundNumber, long blockHeight, string workerId)
    {
        var hash = found.Hash.ToString();
        return new Submission(
            roundNumber, hash, difficulty, blockHeight, workerId, $"mine:{hash}", Convert.ToHexStringLower(found.Header!));
    }
}
