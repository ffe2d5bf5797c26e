namespace Orchestrator.Storage.Sqlite.Runners;

/// <summary>The statements of the runner store. The tables are in <c>Migrations/005_runner_tenants.sql</c>, the counts in <c>counts.sql</c>.</summary>
internal static class RunnerSql
{
    /// <summary>Counts the existing runners, and from then on every change of them, for this connection.</summary>
    public static string BeginCounting() => EmbeddedSql.Read(typeof(RunnerSql), "counts.sql");

    /// <summary>In the order that <see cref="RunnerRow.Read"/> expects; <c>container_id</c> is the engine's handle.</summary>
    private const string Columns =
        "id, template, instance, state, fence, owner_tenant, owner_kind, owner_id, expires_at, contact_at, created_at, idle_since, " +
        "token, network, host_port, container_id, image, image_id, address, published_port, plan";

    private const string Returning = " RETURNING " + Columns;

    /// <summary>id</summary>
    public const string Get = "SELECT " + Columns + " FROM runners WHERE id = ?1";

    /// <summary>template, owner (3)</summary>
    public const string Find =
        "SELECT " + Columns + " FROM runners WHERE template = ?1 AND owner_tenant = ?2 AND owner_kind = ?3 AND owner_id = ?4";

    /// <summary>instance; a new row's number is above all others, so their order is that of age</summary>
    public const string List = "SELECT " + Columns + " FROM runners WHERE instance = ?1 ORDER BY n";

    /// <summary>instance, tenant</summary>
    public const string ListOfTenant = "SELECT " + Columns + " FROM runners WHERE instance = ?1 AND owner_tenant = ?2 ORDER BY n";

    /// <summary>instance, now</summary>
    public const string ListExpired =
        "SELECT " + Columns + " FROM runners WHERE instance = ?1 AND state IN (0, 2) AND expires_at <= ?2 ORDER BY expires_at, n";

    /// <summary>template, instance</summary>
    public const string Count = "SELECT idle, refilling, creating, leased, removing FROM pools WHERE template = ?1 AND instance = ?2";

    /// <summary>template; of every instance, as the limit is the template's</summary>
    public const string CountOwned = "SELECT coalesce(sum(creating + leased), 0) FROM pools WHERE template = ?1";

    /// <summary>template, instance, owner (3), expires at, now, fence, plan</summary>
    public const string LeaseIdle =
        "UPDATE runners SET state = 2, owner_tenant = ?3, owner_kind = ?4, owner_id = ?5, expires_at = ?6, contact_at = ?7, fence = ?8 " +
        "WHERE n = (SELECT n FROM runners WHERE template = ?1 AND instance = ?2 AND plan = ?9 AND state = 1 ORDER BY idle_since, n LIMIT 1)" + Returning;

    /// <summary>id, template, instance, state, fence, owner (3), expires at, contact at, created at, token, network, port, port is reserved, placement (5), plan</summary>
    public const string Insert =
        "INSERT INTO runners (id, template, instance, state, fence, owner_tenant, owner_kind, owner_id, expires_at, contact_at, created_at, " +
        "token, network, host_port, port_reserved, container_id, image, image_id, address, published_port, plan) " +
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)" + Returning;

    /// <summary>template, owner (3), expires at, now</summary>
    public const string Touch =
        "UPDATE runners SET expires_at = ?5, contact_at = ?6 " +
        "WHERE template = ?1 AND owner_tenant = ?2 AND owner_kind = ?3 AND owner_id = ?4 AND state = 2" + Returning;

    /// <summary>id, fence, new fence, expires at when owned, now, placement (5)</summary>
    public const string Attach =
        "UPDATE runners SET fence = ?3, " +
        "state = iif(owner_id IS NULL, 1, 2), " +
        "expires_at = iif(owner_id IS NULL, NULL, ?4), " +
        "contact_at = iif(owner_id IS NULL, NULL, ?5), " +
        "idle_since = iif(owner_id IS NULL, ?5, NULL), " +
        "container_id = ?6, image = ?7, image_id = ?8, address = ?9, published_port = ?10, " +
        "port_reserved = port_reserved AND coalesce(?10 = host_port, 1), " +
        "host_port = coalesce(?10, host_port) " +
        "WHERE id = ?1 AND fence = ?2 AND state = 0" + Returning;

    /// <summary>id, fence, port</summary>
    public const string MovePort =
        "UPDATE runners SET host_port = ?3, port_reserved = 1 WHERE id = ?1 AND fence = ?2 AND state = 0" + Returning;

    /// <summary>id, fence</summary>
    public const string IsCreating = "SELECT instance FROM runners WHERE id = ?1 AND fence = ?2 AND state = 0";

    /// <summary>id, fence, seen expires at, idle for, lease time, max extension, now</summary>
    public const string Extend =
        "UPDATE runners SET expires_at = min(?7 - ?4 + ?5, contact_at + ?5 + ?6) " +
        "WHERE id = ?1 AND fence = ?2 AND state = 2 AND expires_at = ?3 AND min(?7 - ?4 + ?5, contact_at + ?5 + ?6) > expires_at";

    /// <summary>id, fence, seen expires at, now, new fence</summary>
    public const string Expire =
        "UPDATE runners SET state = 3, expires_at = NULL, fence = ?5 " +
        "WHERE id = ?1 AND fence = ?2 AND state IN (0, 2) AND expires_at = ?3 AND expires_at <= ?4" + Returning;

    /// <summary>id, fence, new fence</summary>
    public const string BeginRemove =
        "UPDATE runners SET state = 3, expires_at = NULL, fence = ?3 WHERE id = ?1 AND fence = ?2" + Returning;

    /// <summary>id, fence, new fence, now</summary>
    public const string Return =
        "UPDATE runners SET state = 1, owner_tenant = NULL, owner_kind = NULL, owner_id = NULL, expires_at = NULL, contact_at = NULL, " +
        "idle_since = ?4, fence = ?3 WHERE id = ?1 AND fence = ?2 AND state = 2" + Returning;

    /// <summary>id, fence</summary>
    public const string Delete = "DELETE FROM runners WHERE id = ?1 AND fence = ?2";

    /// <summary>instance, template, expires at</summary>
    public const string RenewAll =
        "UPDATE runners SET expires_at = ?3 WHERE instance = ?1 AND template = ?2 AND state = 2 AND expires_at IS NOT NULL";

    /// <summary>id, template, owner (3), instance, port</summary>
    public const string IsKnown =
        "SELECT EXISTS (SELECT 1 FROM runners WHERE id = ?1) " +
        "OR EXISTS (SELECT 1 FROM runners WHERE template = ?2 AND owner_tenant = ?3 AND owner_kind = ?4 AND owner_id = ?5) " +
        "OR EXISTS (SELECT 1 FROM runners WHERE instance = ?6 AND host_port = ?7)";

    /// <summary>instance, lowest port: the first free one from there</summary>
    public const string FreePort =
        "SELECT ?2 WHERE NOT EXISTS (SELECT 1 FROM runners WHERE instance = ?1 AND host_port = ?2) " +
        "UNION ALL SELECT * FROM (SELECT r.host_port + 1 FROM runners r WHERE r.instance = ?1 AND r.host_port >= ?2 " +
        "AND NOT EXISTS (SELECT 1 FROM runners x WHERE x.instance = ?1 AND x.host_port = r.host_port + 1) " +
        "ORDER BY r.host_port LIMIT 1) LIMIT 1";

    /// <summary>Ends every reservation: at the beginning of time. The count spares a look at all runners.</summary>
    public const string EndReservations =
        "UPDATE runners SET expires_at = 0 WHERE state = 0 AND EXISTS (SELECT 1 FROM pools WHERE creating + refilling > 0)";

    /// <summary>A write that nobody sees: fences need to grow, and may leave gaps.</summary>
    public const string TestWrite = "UPDATE fences SET reserved = reserved + 1";
}
