namespace Orchestrator.Core.Mining;

/// <summary>A worker's submission: a proof of work for a round. The values are well-formed, not yet verified.</summary>
/// <param name="RoundNumber">The round, from 0.</param>
/// <param name="Hash">64 hexadecimal digits, the most significant first, as they were sent.</param>
/// <param name="Difficulty">The difficulty that the hash claims to meet; finite and greater than zero.</param>
/// <param name="BlockHeight">The height of the block that it was mined for, from 0.</param>
/// <param name="WorkerId">The worker that found it.</param>
/// <param name="SubmissionId">Identifies the submission; a repeated one counts once.</param>
/// <param name="Header">The 80 bytes that the hash is of, as 160 hexadecimal digits; null where the worker keeps them.</param>
public sealed record Submission(
    long RoundNumber,
    string Hash,
    double Difficulty,
    long BlockHeight,
    string WorkerId,
    string SubmissionId,
    string? Header = null)
{
    /// <summary>The greatest round and block height: the largest number that JSON clients can hold exactly.</summary>
    public const long MaxNumber = (1L << 53) - 1;

    /// <summary>The greatest length of worker and submission ids, in UTF-16 units.</summary>
    public const int MaxIdLength = 128;

    /// <summary>Whether a text can be a worker's or a submission's id: 1 to 128 characters, none of them a control character.</summary>
    public static bool IsId(string? text) => text?.Length is > 0 and <= MaxIdLength && !text.Any(char.IsControl);

    /// <summary>
    /// Whether it is a valid share: of at least the round's difficulty, its hash at or below the target of the
    /// difficulty it claims, and its header, where there is one, really hashing to it.
    /// </summary>
    /// <param name="roundDifficulty">The difficulty that the round asks for.</param>
    /// <exception cref="FormatException">Hash or header are not the hexadecimal digits they have to be.</exception>
    public bool IsValid(double roundDifficulty)
    {
        if (!UInt256.TryParse(Hash, out var hash))
        {
            throw new FormatException("A hash is 64 hexadecimal digits.");
        }

        if (Difficulty < roundDifficulty || hash > Mining.Difficulty.ToTarget(Difficulty))
        {
            return false;
        }

        if (Header is null)
        {
            return true;
        }

        return BlockHeader.Hash(BlockHeader.Parse(Header) ?? throw new FormatException("A header is 160 hexadecimal digits.")) == hash;
    }
}

/// <summary>A submission that was counted.</summary>
/// <param name="Submission">The submission.</param>
/// <param name="Valid">Whether it was valid.</param>
/// <param name="Timestamp">When it was counted, by the ledger's clock.</param>
public sealed record Share(Submission Submission, bool Valid, DateTimeOffset Timestamp);
