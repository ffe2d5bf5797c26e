using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;

namespace Orchestrator.Core.Mining;

/// <summary>
/// The task <c>mine</c>: searches a range of nonces for one share, and submits it. A second run finds and submits the same
/// share, which counts once.
/// </summary>
internal sealed class MineHandler(ShareSearch search, ShareIntake intake) : ITaskHandler
{
    private const string Schema = """
        {
          "type": "object",
          "required": ["header"],
          "properties": {
            "header": {"type": "string", "pattern": "^[0-9A-Fa-f]{160}$", "description": "The block header; its nonce does not matter."},
            "first_nonce": {"type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0},
            "count": {"type": "integer", "minimum": 1, "maximum": 4294967296, "default": 4294967296},
            "difficulty": {"type": "number", "exclusiveMinimum": 0, "description": "The target difficulty by default."},
            "round_number": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 0},
            "block_height": {"type": "integer", "minimum": 0, "maximum": 9007199254740991, "default": 0},
            "worker_id": {"type": "string", "minLength": 1, "maxLength": 128, "default": "mine"}
          },
          "additionalProperties": false
        }
        """;

    public string Type => "mine";

    public string InputSchema => Schema;

    // All nonces of a header on one slow processor.
    public TimeSpan TimeLimit => TimeSpan.FromHours(6);

    public string? Refuse(JsonElement input) => TryRead(input, out _, out var problem) ? null : problem;

    public async ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context)
    {
        if (!TryRead(input, out var wish, out var problem))
        {
            throw new TaskFailedException(problem, retry: false);
        }

        var difficulty = wish.Difficulty ?? intake.TargetDifficulty;
        var range = new NonceRange(BlockHeader.Parse(wish.Header)!, difficulty, (uint)wish.FirstNonce, wish.Count);
        var found = await search.FindAsync(range, 1, context.CancellationToken);
        if (found.Header is null)
        {
            return Write(new MineResult(false, found.Hashes));
        }

        var share = FoundShare.Of(found, difficulty, wish.RoundNumber, wish.BlockHeight, wish.WorkerId);
        var answer = await intake.SubmitAsync(share, context.CancellationToken);
        return Write(new MineResult(true, found.Hashes, BlockHeader.NonceOf(found.Header), share.Hash, share.Header, share.SubmissionId, answer.Valid));
    }

    private static bool TryRead(JsonElement input, out MineInput wish, out string problem)
    {
        (wish, problem) = (null!, "");
        if (input.ValueKind != JsonValueKind.Object)
        {
            problem = "input must be an object with a header.";
            return false;
        }

        try
        {
            wish = input.Deserialize(MineJson.Default.MineInput)!;
        }
        catch (JsonException e)
        {
            problem = e.Path is { Length: > 2 } path ? $"{path[2..]} is unknown or has the wrong type." : "input needs a header.";
            return false;
        }

        problem = wish switch
        {
            _ when wish.Header is null || BlockHeader.Parse(wish.Header) is null => "header must be 160 hexadecimal digits.",
            { FirstNonce: < 0 or > uint.MaxValue } => "first_nonce must be 0 to 4294967295.",
            { Count: < 1 or > NonceRange.MaxCount } => "count must be 1 to 4294967296.",
            { Difficulty: { } difficulty } when !Difficulty.IsValid(difficulty) => "difficulty must be a number greater than 0.",
            { RoundNumber: < 0 or > Submission.MaxNumber } => "round_number must be 0 to 9007199254740991.",
            { BlockHeight: < 0 or > Submission.MaxNumber } => "block_height must be 0 to 9007199254740991.",
            _ when !Submission.IsId(wish.WorkerId) => "worker_id must be 1 to 128 characters without control characters.",
            _ => "",
        };
        return problem.Length == 0;
    }

    private static string Write(MineResult result) => JsonSerializer.Serialize(result, MineJson.Default.MineResult);
}

/// <summary>The input of a <c>mine</c> task.</summary>
internal sealed record MineInput(
    string? Header,
    [property: JsonConverter(typeof(WholeNumberConverter))] long FirstNonce = 0,
    [property: JsonConverter(typeof(WholeNumberConverter))] long Count = NonceRange.MaxCount,
    double? Difficulty = null,
    [property: JsonConverter(typeof(WholeNumberConverter))] long RoundNumber = 0,
    [property: JsonConverter(typeof(WholeNumberConverter))] long BlockHeight = 0,
    string WorkerId = "mine");

/// <summary>The result of a <c>mine</c> task.</summary>
internal sealed record MineResult(
    bool Found, long Hashes, uint? Nonce = null, string? Hash = null, string? Header = null, string? SubmissionId = null, bool? Valid = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(MineInput))]
[JsonSerializable(typeof(MineResult))]
internal sealed partial class MineJson : JsonSerializerContext;
