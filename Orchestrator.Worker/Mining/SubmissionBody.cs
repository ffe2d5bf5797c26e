using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Mining;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Worker.Mining;

/// <summary>A share as a miner submits it. All fields but the header are required; unknown fields are ignored.</summary>
internal sealed class SubmissionBody
{
    private const int HashDigits = 64;
    private const int HeaderDigits = 160;

    private bool _empty = true;

    /// <summary>64 hexadecimal digits, the most significant first.</summary>
    [JsonPropertyName("hash")]
    public string? Hash { get; set => Set(out field, value); }

    /// <summary>The difficulty that the hash meets.</summary>
    [JsonPropertyName("difficulty")]
    public double? Difficulty { get; set => Set(out field, value); }

    /// <summary>The height of the block that is being mined.</summary>
    [JsonPropertyName("block_height")]
    public long? BlockHeight { get; set => Set(out field, value); }

    /// <summary>Who found it.</summary>
    [JsonPropertyName("worker_id")]
    public string? WorkerId { get; set => Set(out field, value); }

    /// <summary>The submission's unique id; a repeated one counts once.</summary>
    [JsonPropertyName("submission_id")]
    public string? SubmissionId { get; set => Set(out field, value); }

    /// <summary>The 80 hashed bytes, as 160 hexadecimal digits.</summary>
    [JsonPropertyName("header")]
    public string? Header { get; set => Set(out field, value); }

    /// <summary>The unknown fields.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set => Set(out field, value); }

    /// <summary>Validates a body.</summary>
    /// <exception cref="InvalidInputException">There is no body, a field is missing, or one is out of range.</exception>
    public static Submission Read(SubmissionBody? body, long roundNumber)
    {
        if (body is null or { _empty: true })
        {
            throw Wrong("No data provided");
        }

        if (body is not
            {
                Hash: { } hash, Difficulty: { } difficulty, BlockHeight: { } blockHeight,
                WorkerId: { } workerId, SubmissionId: { } submissionId,
            })
        {
            throw Wrong("Missing required fields");
        }

        Check(IsHex(hash, HashDigits), "hash must be 64 hexadecimal digits.");
        Check(difficulty > 0 && double.IsFinite(difficulty), "difficulty must be a number greater than 0.");
        Check(blockHeight is >= 0 and <= Submission.MaxNumber, "block_height must be a whole number from 0 to 9007199254740991.");
        Check(Submission.IsId(workerId), "worker_id must be 1 to 128 characters, without control characters.");
        Check(Submission.IsId(submissionId), "submission_id must be 1 to 128 characters, without control characters.");
        Check(body.Header is null || IsHex(body.Header, HeaderDigits), "header must be 160 hexadecimal digits.");
        return new Submission(roundNumber, hash, difficulty, blockHeight, workerId, submissionId, body.Header);
    }

    private static bool IsHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigit);

    private static void Check(bool right, string problem)
    {
        if (!right)
        {
            throw Wrong(problem);
        }
    }

    private static InvalidInputException Wrong(string problem) => new(problem, problem);

    // A field that is present but null counts as sent, and as missing.
    private void Set<T>(out T field, T value)
    {
        _empty = false;
        field = value;
    }
}
