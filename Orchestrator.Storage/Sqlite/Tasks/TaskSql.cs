namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>The statements of the task queue. The table is in <c>Migrations/002_tasks.sql</c> and <c>006_task_tenants.sql</c>.</summary>
internal static class TaskSql
{
    /// <summary>In the order that <see cref="TaskRow.Read"/> expects.</summary>
    private const string Columns = "id, spec, state, attempts, created_at, started_at, finished_at, worker, result, error";

    /// <summary>id</summary>
    public const string Get = "SELECT " + Columns + " FROM tasks WHERE id = ?1";

    /// <summary>tenant, idempotency key</summary>
    public const string FindKey = "SELECT id FROM tasks WHERE tenant = ?1 AND idempotency_key = ?2";

    /// <summary>id, type, spec, place, due at, attempts, now, idempotency key, tells, tenant</summary>
    public const string Insert =
        "INSERT INTO tasks (id, type, spec, state, place, due_at, max_attempts, created_at, idempotency_key, tells, tenant) " +
        "VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

    /// <summary>now</summary>
    public const string WakeDelayed =
        "UPDATE tasks SET due_at = NULL WHERE n IN " +
        "(SELECT n FROM tasks WHERE state = 0 AND due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT 1000)";

    /// <summary>now, place at the front, error</summary>
    public const string TakeBackAbandoned =
        "UPDATE tasks SET state = CASE WHEN attempts < max_attempts THEN 0 ELSE 3 END, due_at = NULL, place = ?2, " +
        "finished_at = CASE WHEN attempts < max_attempts THEN NULL ELSE ?1 END, " +
        "error = CASE WHEN attempts < max_attempts THEN error ELSE ?3 END, " +
        "callback_at = CASE WHEN attempts >= max_attempts AND tells THEN ?1 END " +
        "WHERE n IN (SELECT n FROM tasks WHERE state = 1 AND due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at LIMIT 256) RETURNING type, state";

    /// <summary>now, deadline, worker, how many</summary>
    public const string Claim =
        "UPDATE tasks SET state = 1, attempts = attempts + 1, fence = fence + 1, worker = ?3, started_at = ?1, due_at = ?2 " +
        "WHERE n IN (SELECT n FROM tasks WHERE state = 0 AND due_at IS NULL ORDER BY place, n LIMIT ?4) " +
        "RETURNING id, fence, spec, attempts, created_at, place, n";

    /// <summary>The earliest time at which a pending or a running task falls due.</summary>
    public const string NextDue =
        "SELECT min(due) FROM (SELECT min(due_at) AS due FROM tasks WHERE state = 0 AND due_at IS NOT NULL " +
        "UNION ALL SELECT min(due_at) FROM tasks WHERE state = 1 AND due_at IS NOT NULL)";

    /// <summary>id, fence, deadline</summary>
    public const string Extend = "UPDATE tasks SET due_at = ?3 WHERE id = ?1 AND fence = ?2 AND state = 1";

    /// <summary>id, fence, now, result</summary>
    public const string Complete =
        "UPDATE tasks SET state = 2, due_at = NULL, finished_at = ?3, result = ?4, callback_at = CASE WHEN tells THEN ?3 END " +
        "WHERE id = ?1 AND fence = ?2 AND state = 1 RETURNING type, tells";

    /// <summary>id, fence</summary>
    public const string IsComplete = "SELECT 1 FROM tasks WHERE id = ?1 AND fence = ?2 AND state = 2";

    /// <summary>id, fence, due at, error, place</summary>
    public const string TryAgain =
        "UPDATE tasks SET state = 0, due_at = ?3, error = ?4, place = ?5 " +
        "WHERE id = ?1 AND fence = ?2 AND state = 1 AND attempts < max_attempts RETURNING type";

    /// <summary>id, fence, now, error</summary>
    public const string Fail =
        "UPDATE tasks SET state = 3, due_at = NULL, finished_at = ?3, error = ?4, callback_at = CASE WHEN tells THEN ?3 END " +
        "WHERE id = ?1 AND fence = ?2 AND state = 1 RETURNING type, tells";

    /// <summary>id, fence, place</summary>
    public const string Release =
        "UPDATE tasks SET state = 0, due_at = NULL, attempts = attempts - 1, place = ?3 " +
        "WHERE id = ?1 AND fence = ?2 AND state = 1 RETURNING type";

    /// <summary>id, now</summary>
    public const string Cancel =
        "UPDATE tasks SET state = 4, due_at = NULL, finished_at = ?2, callback_at = CASE WHEN tells THEN ?2 END " +
        "WHERE id = ?1 AND state = 0 RETURNING type, tells";

    /// <summary>id, place; a delivery of its failure in flight can settle nothing from here on</summary>
    public const string Retry =
        "UPDATE tasks SET state = 0, attempts = 0, finished_at = NULL, error = NULL, callback_at = NULL, callback_try = callback_try + 1, place = ?2 " +
        "WHERE id = ?1 AND state = 3 RETURNING type";

    /// <summary>id</summary>
    public const string Exists = "SELECT 1 FROM tasks WHERE id = ?1";

    // A list reads no input: it is the last part of a specification (TaskSpecification), whose first part fits any page. One of
    // an earlier version, which had its input in the middle, is read as it is.
    private const string Brief =
        "CASE WHEN instr(substr(spec, 1, instr(spec, ',\"i\":')), '\"b\":') > 0 THEN substr(spec, 1, instr(spec, ',\"i\":') - 1) || ',\"i\":{}}' ELSE spec END";

    /// <summary>In the order that <see cref="TaskRow.ReadListed"/> expects; largest result is ?2.</summary>
    private const string Listed =
        "SELECT id, " + Brief + ", state, attempts, created_at, started_at, finished_at, worker, " +
        "CASE WHEN octet_length(result) <= ?2 THEN result END, error, n FROM tasks ";

    /// <summary>how many, largest result, before</summary>
    public const string List = Listed + "WHERE n < ?3 ORDER BY n DESC LIMIT ?1";

    /// <summary>how many, largest result, before</summary>
    public const string ListPending = Listed + "WHERE state = 0 AND n < ?3 ORDER BY n DESC LIMIT ?1";

    /// <summary>how many, largest result, before</summary>
    public const string ListRunning = Listed + "WHERE state = 1 AND due_at IS NOT NULL AND n < ?3 ORDER BY n DESC LIMIT ?1";

    /// <summary>how many, largest result, before, ended before, state</summary>
    public const string ListEnded =
        Listed + "WHERE state = ?5 AND finished_at IS NOT NULL AND (finished_at, n) < (?4, ?3) ORDER BY finished_at DESC, n DESC LIMIT ?1";

    // What a task is charged with: its input and what it ended with. Text of earlier attempts is not.
    private const string Bytes =
        "octet_length(spec) + CASE state WHEN 2 THEN coalesce(octet_length(result), 0) WHEN 3 THEN coalesce(octet_length(error), 0) ELSE 0 END";

    /// <summary>The bytes of all tasks.</summary>
    public const string CountBytes = "SELECT coalesce(sum(" + Bytes + "), 0) FROM tasks";

    /// <summary>id</summary>
    public const string ErrorBytes = "SELECT coalesce(octet_length(error), 0) FROM tasks WHERE id = ?1 AND state = 3";

    /// <summary>Every count by type and state.</summary>
    public const string Count = "SELECT type, state, count(*) FROM tasks GROUP BY type, state";

    /// <summary>The places assigned so far.</summary>
    public const string Places = "SELECT coalesce(min(place), 0), coalesce(max(place), 0) FROM tasks";

    /// <summary>state, ended before, how many</summary>
    public const string Purge =
        "DELETE FROM tasks WHERE n IN (SELECT n FROM tasks WHERE state = ?1 AND finished_at IS NOT NULL AND finished_at <= ?2 " +
        "AND callback_at IS NULL ORDER BY finished_at LIMIT ?3) RETURNING type, " + Bytes;

    /// <summary>now, due again at, how many</summary>
    public const string ClaimCallbacks =
        "UPDATE tasks SET callback_at = ?2, callback_try = callback_try + 1 WHERE n IN " +
        "(SELECT n FROM tasks WHERE callback_at IS NOT NULL AND callback_at <= ?1 ORDER BY callback_at LIMIT ?3) " +
        "RETURNING " + Columns + ", callback_try";

    /// <summary>When the next callback is due.</summary>
    public const string NextCallback = "SELECT min(callback_at) FROM tasks WHERE callback_at IS NOT NULL";

    /// <summary>id, attempt, due again at</summary>
    public const string SettleCallback =
        "UPDATE tasks SET callback_at = ?3 WHERE id = ?1 AND callback_try = ?2 AND callback_at IS NOT NULL";
}
