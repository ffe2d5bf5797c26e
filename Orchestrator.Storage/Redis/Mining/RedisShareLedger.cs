using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core.Mining;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Mining;

/// <summary>
/// The shares of all processes, on Redis or Valkey. Every change is one script, so it is atomic; it is as durable as the
/// server's append-only file. Shares submitted at the same time share round trips.
/// </summary>
/// <remarks>
/// Every key begins with <c>{prefix}:mining:1:</c>: the braces make it one slot of a Redis Cluster, the 1 is the
/// layout's version.
/// <code>
/// ids        hash   submission id: its answer, 1 valid or 0; valid ones are kept for ever, so that an id counts once
/// totals     hash   1 valid shares   0 invalid ones   r newest round
/// round:N    hash   1 valid shares   0 invalid ones, of round N
/// workers    set    the ids of all workers with a valid share: exact, at about 100 bytes for each
/// invalid:ids      list   the ids of the newest invalid shares, oldest first; ids holds no others of invalid ones
/// invalid:rounds   list   the newest rounds that began with invalid shares, oldest first
/// invalid:workers  set    the first workers without a valid share
/// recent     list   the newest shares, newest first: 1 or 0, Unix milliseconds (Redis' clock), a space, the submission as JSON
/// </code>
/// </remarks>
internal sealed class RedisShareLedger : IShareLedger
{
    private static readonly RedisScript Append = new("Mining", "append");
    private static readonly RedisScript Read = new("Mining", "audit");

    private readonly RedisConnection _redis;
    private readonly string _root;
    private readonly CallBatcher<(Submission Submission, bool Valid), ShareAnswer> _appends;

    public RedisShareLedger(RedisConnection redis)
    {
        _redis = redis;
        _root = $"{{{redis.KeyPrefix}}}:mining:1:";
        _appends = new(AppendTogetherAsync);
    }

    public async ValueTask<ShareAnswer> AppendAsync(Submission submission, bool valid, CancellationToken cancellationToken) =>
        await _appends.CallAsync((submission, valid), cancellationToken);

    public async ValueTask<ShareCounts> CountRoundAsync(long roundNumber, CancellationToken cancellationToken)
    {
        RedisKey key = _root + "round:" + Text(roundNumber);
        var counts = await _redis.CallAsync(database => database.HashGetAsync(key, ["1", "0"])).WaitAsync(cancellationToken);
        return new ShareCounts(Number(counts[0]), Number(counts[1]));
    }

    public async ValueTask<LedgerTotals> GetTotalsAsync(CancellationToken cancellationToken) =>
        Totals(await EvaluateAsync(Read, 0).WaitAsync(cancellationToken));

    public async ValueTask<Audit> AuditAsync(CancellationToken cancellationToken)
    {
        var answer = await EvaluateAsync(Read, Audit.MaxRecent).WaitAsync(cancellationToken);
        return new Audit(Totals(answer), [.. answer.Skip(4).Select(ReadShare)]);
    }

    private static LedgerTotals Totals(RedisValue[] answer) =>
        new(new ShareCounts(Number(answer[1]), Number(answer[0])), Number(answer[2]), Number(answer[3]));

    private static Share ReadShare(RedisValue value)
    {
        var text = value.ToString();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return new Share(
            JsonSerializer.Deserialize(text.AsSpan(space + 1), ShareJson.Default.Submission)!,
            text[0] == '1',
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text.AsSpan(1, space - 1), CultureInfo.InvariantCulture)));
    }

    private async Task<ShareAnswer[]> AppendTogetherAsync(IReadOnlyList<(Submission Submission, bool Valid)> shares)
    {
        var arguments = new RedisValue[2 + (5 * shares.Count)];
        (arguments[0], arguments[1]) = (Audit.MaxRecent, InvalidShares.Kept);
        for (var i = 0; i < shares.Count; i++)
        {
            var (submission, valid) = shares[i];
            var at = 2 + (5 * i);
            arguments[at] = submission.SubmissionId;
            arguments[at + 1] = Text(submission.RoundNumber);
            arguments[at + 2] = valid ? "1" : "0";
            arguments[at + 3] = submission.WorkerId;
            arguments[at + 4] = JsonSerializer.SerializeToUtf8Bytes(submission, ShareJson.Default.Submission);
        }

        return Array.ConvertAll(await EvaluateAsync(Append, arguments), value => new ShareAnswer(((int)value & 1) == 1, (int)value >= 2));
    }

    private async Task<RedisValue[]> EvaluateAsync(RedisScript script, params RedisValue[] arguments) =>
        (RedisValue[])(await _redis.EvaluateAsync(script, [_root], arguments))!;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(RedisValue value) => value.IsNull ? 0 : (long)value;
}

[JsonSerializable(typeof(Submission))]
internal sealed partial class ShareJson : JsonSerializerContext;
