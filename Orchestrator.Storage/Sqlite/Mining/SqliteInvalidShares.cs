using Orchestrator.Core.Mining;

namespace Orchestrator.Storage.Sqlite.Mining;

/// <summary>
/// Bounds what invalid shares leave behind (<see cref="InvalidShares.Kept"/>), within the change that counts them. The tables
/// are in <c>Migrations/008_invalid_shares.sql</c>.
/// </summary>
internal static class SqliteInvalidShares
{
    private const string AddShare = "INSERT INTO share_invalid (share) VALUES (last_insert_rowid())";

    private const string AddWorker =
        "INSERT INTO share_invalid_workers (worker_id) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM share_workers WHERE worker_id = ?1) " +
        "AND NOT EXISTS (SELECT 1 FROM share_invalid_workers WHERE worker_id = ?1) AND (SELECT count(*) FROM share_invalid_workers) < ?2";

    private const string RemoveWorker = "DELETE FROM share_invalid_workers WHERE worker_id = ?1";

    private const string AddRound =
        "INSERT INTO share_invalid_rounds (round_number) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM share_rounds WHERE round_number = ?1) " +
        "ON CONFLICT DO NOTHING";

    private static readonly string[] Trims =
    [
        "DELETE FROM shares WHERE n IN (SELECT share FROM share_invalid WHERE n <= (SELECT max(n) FROM share_invalid) - ?1)",
        "DELETE FROM share_invalid WHERE n <= (SELECT max(n) FROM share_invalid) - ?1",
        "DELETE FROM share_rounds WHERE valid = 0 AND round_number IN " +
            "(SELECT round_number FROM share_invalid_rounds WHERE n <= (SELECT max(n) FROM share_invalid_rounds) - ?1)",
        "DELETE FROM share_invalid_rounds WHERE n <= (SELECT max(n) FROM share_invalid_rounds) - ?1",
    ];

    /// <summary>Records the invalid share that was inserted last.</summary>
    public static void Add(StoreConnection connection) => connection.Prepare(AddShare).ExecuteNonQuery();

    /// <summary>Records the worker of an invalid share.</summary>
    /// <returns>1 when it is one more worker; 0 when it is known, or one too many.</returns>
    public static int AddWorkerOf(StoreConnection connection, Submission submission) =>
        connection.Prepare(AddWorker).Bind(1, submission.WorkerId).Bind(2, (long)InvalidShares.Kept).ExecuteNonQuery();

    /// <summary>Forgets a worker that has a valid share now.</summary>
    /// <returns>1 when it was recorded.</returns>
    public static int RemoveWorkerOf(StoreConnection connection, Submission submission) =>
        connection.Prepare(RemoveWorker).Bind(1, submission.WorkerId).ExecuteNonQuery();

    /// <summary>Records a round with invalid shares only, before it is counted.</summary>
    public static void AddTo(StoreConnection connection, long round) => connection.Prepare(AddRound).Bind(1, round).ExecuteNonQuery();

    /// <summary>Deletes what is too many.</summary>
    public static void Trim(StoreConnection connection)
    {
        foreach (var sql in Trims)
        {
            connection.Prepare(sql).Bind(1, (long)InvalidShares.Kept).ExecuteNonQuery();
        }
    }
}
