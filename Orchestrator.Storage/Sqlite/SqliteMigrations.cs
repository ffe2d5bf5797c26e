namespace Orchestrator.Storage.Sqlite;

/// <summary>A step from one version of the database to the next.</summary>
/// <param name="Version">The version it leads to, from 1.</param>
/// <param name="Sql">Its statements; read only when needed.</param>
internal sealed record SqliteMigration(int Version, Func<string> Sql);

/// <summary>The steps that lead to the database of this release. Once released, a step is never changed.</summary>
internal static class SqliteMigrations
{
    /// <summary>Every step, in order.</summary>
    public static IReadOnlyList<SqliteMigration> All { get; } =
    [
        new(1, () => Read("001_runners.sql")),
        new(2, () => Read("002_tasks.sql")),
        new(3, () => Read("003_shares.sql")),
        new(4, () => Read("004_counts.sql")),
        new(5, () => Read("005_runner_tenants.sql")),
        new(6, () => Read("006_task_tenants.sql")),
        new(7, () => Read("007_plans.sql")),
        new(8, () => Read("008_invalid_shares.sql")),
    ];

    private static string Read(string name) => EmbeddedSql.Read(typeof(SqliteMigrations), "Migrations." + name);
}
