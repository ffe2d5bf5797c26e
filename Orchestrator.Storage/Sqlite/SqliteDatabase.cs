using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Sqlite.Runners;

namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// The database of a data folder: claims the folder, opens and migrates the file, and provides the connections for changes
/// and reads. Every store of this process shares it. Safe for concurrent use.
/// </summary>
public sealed partial class SqliteDatabase : IDisposable
{
    // Small pages: a change writes whole ones, and rows here are small.
    private const string NewFile = "PRAGMA page_size = 2048; PRAGMA journal_mode = WAL;";

    private readonly DataFolder _folder;
    private readonly SqliteWriter _writer;
    private readonly SqliteReader _lookups;
    private readonly SqliteReader _lists;
    private readonly SqliteCheckpointer _checkpointer;

    private SqliteDatabase(DataFolder folder, StoreConnection connection, ILogger logger)
    {
        _folder = folder;
        _checkpointer = new SqliteCheckpointer(OpenAnother, logger);
        _writer = new SqliteWriter(connection, _checkpointer.AfterCommit);
        _lookups = new SqliteReader(OpenAnother);
        _lists = new SqliteReader(OpenAnother);
    }

    /// <summary>The database's full path.</summary>
    public string Path => _folder.Database;

    /// <summary>The one connection that changes are made on; for use inside a change only.</summary>
    internal StoreConnection Writing => _writer.Connection;

    /// <summary>Claims the data folder and opens its database; makes either when it is missing.</summary>
    /// <exception cref="StorageException">
    /// Another process has the folder, or the file is damaged, foreign or of a newer version; it is unchanged then.
    /// </exception>
    public static SqliteDatabase Open(SqliteOptions options, ILogger<SqliteDatabase> logger) =>
        Open(options, SqliteMigrations.All, logger);

    internal static SqliteDatabase Open(SqliteOptions options, IReadOnlyList<SqliteMigration> migrations, ILogger logger)
    {
        var folder = DataFolder.Claim(options.DataFolder);
        StoreConnection? connection = null;
        try
        {
            var file = SqliteFile.Inspect(folder.Database, migrations.Count);
            if (file.Unclean)
            {
                LogUnclean(logger, folder.Database);
            }

            connection = OpenForWriting(folder.Database, file, options.Durability);
            if (file.Version < migrations.Count)
            {
                Migrate(connection, migrations.Skip(file.Version));
                LogMigrated(logger, folder.Database, file.Version, migrations.Count);
            }

            connection.Execute(RunnerSql.BeginCounting());

            // The folder is ours alone, so no creator of these runners is left.
            connection.Execute(RunnerSql.EndReservations);
            return new SqliteDatabase(folder, connection, logger);
        }
        catch (Exception e)
        {
            connection?.Dispose();
            folder.Dispose();
            if (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw new StorageException($"The database {folder.Database} can't be opened: {e.Message}", e);
            }

            throw;
        }
    }

    /// <summary>
    /// Runs a change in a transaction of its own or, under load, together with others; answers after the commit. The
    /// operation may run again when another one made its transaction fail, so it must touch nothing but the database.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database failed (disk full, input or output error, locked); nothing was changed.</exception>
    internal ValueTask<TResult> WriteAsync<TArgument, TResult>(
        Func<TArgument, TResult> operation, TArgument argument, CancellationToken cancellationToken) =>
        Translate(_writer.RunAsync(operation, argument, cancellationToken));

    /// <summary>A fence for the current change; see <see cref="SqliteWriter.NextFence"/>.</summary>
    internal long NextFence() => _writer.NextFence();

    /// <summary>Reads a row or two.</summary>
    /// <exception cref="StoreUnavailableException">The database failed.</exception>
    internal ValueTask<TResult> LookUpAsync<TArgument, TResult>(
        Func<StoreConnection, TArgument, TResult> query, TArgument argument, CancellationToken cancellationToken) =>
        ReadAsync(_lookups, query, argument, cancellationToken);

    /// <summary>Reads many rows, without holding look-ups or changes up.</summary>
    /// <exception cref="StoreUnavailableException">The database failed.</exception>
    internal ValueTask<TResult> ListAsync<TArgument, TResult>(
        Func<StoreConnection, TArgument, TResult> query, TArgument argument, CancellationToken cancellationToken) =>
        ReadAsync(_lists, query, argument, cancellationToken);

    /// <summary>Waits for pending changes, closes the database and releases the folder.</summary>
    public void Dispose()
    {
        // The writer goes last: the last connection to close tidies the log away, and only it may write.
        _checkpointer.Dispose();
        _lookups.Dispose();
        _lists.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    private static ValueTask<TResult> ReadAsync<TArgument, TResult>(
        SqliteReader reader, Func<StoreConnection, TArgument, TResult> query, TArgument argument, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        try
        {
            return new ValueTask<TResult>(reader.Read(query, argument));
        }
        catch (Exception e) when (IsUnavailable(e))
        {
            return ValueTask.FromException<TResult>(Unavailable(e));
        }
    }

    private static ValueTask<TResult> Translate<TResult>(ValueTask<TResult> answer)
    {
        return answer.IsCompletedSuccessfully ? answer : AwaitAsync(answer);

        static async ValueTask<TResult> AwaitAsync(ValueTask<TResult> answer)
        {
            try
            {
                return await answer;
            }
            catch (Exception e) when (IsUnavailable(e))
            {
                throw Unavailable(e);
            }
        }
    }

    // A violated constraint is a defect in the code above, and no reason to retry.
    private static bool IsUnavailable(Exception e) => e is SqliteException { IsConstraint: false } or ObjectDisposedException or SqliteOverloadException;

    private static StoreUnavailableException Unavailable(Exception e) => new(
        e is ObjectDisposedException ? "The store is closed." : $"The store failed: {e.Message}", e);

    private static StoreConnection OpenForWriting(string path, SqliteFile file, Durability durability)
    {
        if (!File.Exists(path))
        {
            MakeFile(path);
        }

        var connection = StoreConnection.Open(path);
        try
        {
            connection.Configure();
            if (file.Version == 0)
            {
                connection.Execute(NewFile);
            }

            connection.Execute(durability == Durability.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // The file holds the runners' tokens; its companions get its permissions from SQLite.
    private static void MakeFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        new FileStream(path, options).Dispose();
    }

    private static void Migrate(StoreConnection connection, IEnumerable<SqliteMigration> steps)
    {
        connection.Execute("BEGIN IMMEDIATE");
        var version = 0;
        foreach (var step in steps)
        {
            connection.Execute(step.Sql());
            version = step.Version;
        }

        connection.Execute(string.Create(
            CultureInfo.InvariantCulture,
            $"PRAGMA application_id = {SqliteFile.ApplicationId}; PRAGMA user_version = {version}; COMMIT;"));
    }

    private StoreConnection OpenAnother()
    {
        var connection = StoreConnection.Open(_folder.Database);
        connection.Configure();
        return connection;
    }

    [LoggerMessage(1100, LogLevel.Information, "Migrated {Path} from version {From} to {To}.")]
    private static partial void LogMigrated(ILogger logger, string path, int from, int to);

    [LoggerMessage(1101, LogLevel.Warning, "{Path} was not closed by its last process; checked, undamaged.")]
    private static partial void LogUnclean(ILogger logger, string path);
}
