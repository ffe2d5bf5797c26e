using Orchestrator.Core.Mining.Search;

namespace Orchestrator.Core.Mining;

/// <summary>A range of nonces to search.</summary>
/// <param name="Header">The header's 80 bytes; its nonce does not matter.</param>
/// <param name="Difficulty">The difficulty that a share has to have.</param>
/// <param name="First">The first nonce.</param>
/// <param name="Count">How many nonces; those past 2^32−1 don't exist.</param>
internal sealed record NonceRange(byte[] Header, double Difficulty, uint First, long Count)
{
    /// <summary>How many nonces there are.</summary>
    public const long MaxCount = 1L << 32;
}

/// <summary>The result of a search.</summary>
/// <param name="Header">The header that meets the difficulty; null when none in the range does.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Hashes">How many nonces were tested.</param>
internal sealed record NonceSearchResult(byte[]? Header, UInt256 Hash, long Hashes);

/// <summary>Searches ranges of nonces and counts the hashes. Every search occupies one thread of its own.</summary>
internal sealed class ShareSearch(HashMeter meter, TimeProvider time)
{
    // Between two checks of the token, the pause and the meter: 10 to 50 ms, depending on the processor.
    private const uint Step = 1 << 17;

    /// <summary>Looks for the first nonce of a range that meets its difficulty.</summary>
    /// <param name="range">The range.</param>
    /// <param name="share">How much of a processor's time it takes at most, more than 0 and up to 1.</param>
    /// <param name="cancellationToken">Ends the search within some tens of milliseconds.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Task<NonceSearchResult> FindAsync(NonceRange range, double share, CancellationToken cancellationToken) =>
        // Not on the pool's threads: a search of minutes would starve calls.
        Task.Factory.StartNew(
            () => Find(range, share, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private NonceSearchResult Find(NonceRange range, double share, CancellationToken cancellationToken)
    {
        var search = new NonceSearch(range.Header, Difficulty.ToTarget(range.Difficulty));
        var end = Math.Min(range.First + range.Count, NonceRange.MaxCount);
        for (long next = range.First; next < end;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = time.GetTimestamp();
            var step = (uint)Math.Min(Step, end - next);
            var found = search.TryFind((uint)next, step, out var nonce);
            var hashes = found ? nonce + 1 - next : step;
            meter.Add(hashes);
            next += hashes;
            if (found)
            {
                var header = search.WithNonce(nonce);
                return new NonceSearchResult(header, BlockHeader.Hash(header), next - range.First);
            }

            if (share < 1)
            {
                cancellationToken.WaitHandle.WaitOne(time.GetElapsedTime(started) * ((1 - share) / share));
            }
        }

        return new NonceSearchResult(null, UInt256.Zero, Math.Max(end - range.First, 0));
    }
}
