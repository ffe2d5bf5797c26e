using Microsoft.Data.Sqlite;
using Orchestrator.Core.Mining;

namespace Orchestrator.Storage.Sqlite.Mining;

/// <summary>
/// The shares of one process, in its <see cref="SqliteDatabase"/>. Every valid share is kept, and the newest invalid ones; the
/// counts are kept beside them. Shares submitted at the same time are counted together. The tables are in
/// <c>Migrations/003_shares.sql</c> and <c>008_invalid_shares.sql</c>.
/// </summary>
public sealed class SqliteShareLedger : IShareLedger
{
    // Most shares come from workers that are known already.
    private const int MaxKnownWorkers = 10_000;

    private const string InsertShare =
        "INSERT INTO shares (submission_id, round_number, hash, difficulty, block_height, worker_id, header, valid, counted_at) " +
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (submission_id) DO NOTHING";

    private const string FirstAnswer = "SELECT valid FROM shares WHERE submission_id = ?1";

    private const string CountInRound =
        "INSERT INTO share_rounds (round_number, valid, invalid) VALUES (?1, ?2, ?3) " +
        "ON CONFLICT (round_number) DO UPDATE SET valid = valid + excluded.valid, invalid = invalid + excluded.invalid";

    private const string AddWorker = "INSERT INTO share_workers (worker_id) VALUES (?1) ON CONFLICT DO NOTHING";

    private const string CountInTotal =
        "UPDATE share_totals SET valid = valid + ?2, invalid = invalid + ?3, workers = workers + ?4, newest_round = max(newest_round, ?1)";

    private const string CountRound = "SELECT valid, invalid FROM share_rounds WHERE round_number = ?1";

    private const string Totals = "SELECT valid, invalid, workers, newest_round FROM share_totals";

    // One statement, so that figures and entries are of one moment.
    private const string TotalsAndRecent =
        "SELECT t.valid, t.invalid, t.workers, t.newest_round, s.round_number, s.hash, s.difficulty, s.block_height, " +
        "s.worker_id, s.submission_id, s.header, s.valid, s.counted_at " +
        "FROM share_totals t LEFT JOIN (SELECT * FROM shares ORDER BY n DESC LIMIT ?1) s ORDER BY s.n DESC";

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly CallBatcher<(Submission Submission, bool Valid), ShareAnswer> _appends;
    private readonly HashSet<string> _knownWorkers = new(StringComparer.Ordinal);

    /// <param name="database">Where the shares are kept.</param>
    /// <param name="time">The clock of their timestamps.</param>
    public SqliteShareLedger(SqliteDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
        _appends = new(AppendTogetherAsync);
    }

    /// <inheritdoc />
    public async ValueTask<ShareAnswer> AppendAsync(Submission submission, bool valid, CancellationToken cancellationToken) =>
        await _appends.CallAsync((submission, valid), cancellationToken);

    /// <inheritdoc />
    public ValueTask<ShareCounts> CountRoundAsync(long roundNumber, CancellationToken cancellationToken) =>
        _database.LookUpAsync(
            static (connection, round) => connection.Prepare(CountRound).Bind(1, round).First(row => new ShareCounts(row.GetInt64(0), row.GetInt64(1))),
            roundNumber, cancellationToken);

    /// <inheritdoc />
    public ValueTask<LedgerTotals> GetTotalsAsync(CancellationToken cancellationToken) =>
        _database.LookUpAsync(static (connection, _) => connection.Prepare(Totals).First(ReadTotals)!, 0, cancellationToken);

    /// <inheritdoc />
    public ValueTask<Audit> AuditAsync(CancellationToken cancellationToken) =>
        _database.LookUpAsync(
            static (connection, limit) =>
            {
                var rows = connection.Prepare(TotalsAndRecent).Bind(1, limit)
                    .All(row => (Totals: ReadTotals(row), Share: row.IsDBNull(4) ? null : ReadShare(row)));
                return new Audit(rows[0].Totals, [.. rows.Select(row => row.Share).OfType<Share>()]);
            },
            Audit.MaxRecent, cancellationToken);

    private async Task<ShareAnswer[]> AppendTogetherAsync(IReadOnlyList<(Submission Submission, bool Valid)> shares)
    {
        var answers = await _database.WriteAsync(static change => change.Ledger.Append(change.shares), (Ledger: this, shares), CancellationToken.None);

        // Only now are they known to be there; the worker of a repeated share may not be.
        for (var i = 0; i < answers.Length && _knownWorkers.Count < MaxKnownWorkers; i++)
        {
            if (answers[i] is { Counted: true, Valid: true })
            {
                _knownWorkers.Add(shares[i].Submission.WorkerId);
            }
        }

        return answers;
    }

    private ShareAnswer[] Append(IReadOnlyList<(Submission Submission, bool Valid)> shares)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var answers = new ShareAnswer[shares.Count];
        var rounds = new Dictionary<long, ShareCounts>();
        var newWorkers = 0L;
        for (var i = 0; i < answers.Length; i++)
        {
            var (submission, valid) = shares[i];
            if (!Insert(submission, valid, now))
            {
                var first = Prepare(FirstAnswer).Bind(1, submission.SubmissionId).First(row => row.GetInt64(0));
                answers[i] = new ShareAnswer(first == 1, Counted: false);
                continue;
            }

            answers[i] = new ShareAnswer(valid, Counted: true);
            var counts = rounds.GetValueOrDefault(submission.RoundNumber);
            rounds[submission.RoundNumber] = valid ? counts with { Valid = counts.Valid + 1 } : counts with { Invalid = counts.Invalid + 1 };
            if (!valid)
            {
                SqliteInvalidShares.Add(_database.Writing);
            }

            if (!_knownWorkers.Contains(submission.WorkerId))
            {
                newWorkers += AddWorkerOf(submission, valid);
            }
        }

        if (rounds.Count > 0)
        {
            Count(rounds, newWorkers);
        }

        return answers;
    }

    private int AddWorkerOf(Submission submission, bool valid) => valid
        ? Prepare(AddWorker).Bind(1, submission.WorkerId).ExecuteNonQuery() - SqliteInvalidShares.RemoveWorkerOf(_database.Writing, submission)
        : SqliteInvalidShares.AddWorkerOf(_database.Writing, submission);

    private bool Insert(Submission submission, bool valid, long now) =>
        Prepare(InsertShare)
            .Bind(1, submission.SubmissionId)
            .Bind(2, submission.RoundNumber)
            .Bind(3, submission.Hash)
            .Bind(4, submission.Difficulty)
            .Bind(5, submission.BlockHeight)
            .Bind(6, submission.WorkerId)
            .Bind(7, submission.Header)
            .Bind(8, valid ? 1L : 0L)
            .Bind(9, now)
            .ExecuteNonQuery() == 1;

    private void Count(Dictionary<long, ShareCounts> rounds, long newWorkers)
    {
        foreach (var (round, counts) in rounds)
        {
            if (counts.Valid == 0)
            {
                SqliteInvalidShares.AddTo(_database.Writing, round);
            }

            Prepare(CountInRound).Bind(1, round).Bind(2, counts.Valid).Bind(3, counts.Invalid).ExecuteNonQuery();
        }

        Prepare(CountInTotal)
            .Bind(1, rounds.Keys.Max())
            .Bind(2, rounds.Values.Sum(counts => counts.Valid))
            .Bind(3, rounds.Values.Sum(counts => counts.Invalid))
            .Bind(4, newWorkers)
            .ExecuteNonQuery();
        if (rounds.Values.Any(counts => counts.Invalid > 0))
        {
            SqliteInvalidShares.Trim(_database.Writing);
        }
    }

    private SqliteCommand Prepare(string sql) => _database.Writing.Prepare(sql);

    private static LedgerTotals ReadTotals(SqliteDataReader row) =>
        new(new ShareCounts(row.GetInt64(0), row.GetInt64(1)), row.GetInt64(2), row.GetInt64(3));

    private static Share ReadShare(SqliteDataReader row) => new(
        new Submission(row.GetInt64(4), row.GetString(5), row.GetDouble(6), row.GetInt64(7), row.GetString(8), row.GetString(9), row.GetNullableString(10)),
        row.GetInt64(11) == 1,
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(12)));
}
