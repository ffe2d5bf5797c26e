using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// Copies the write-ahead log into the database beside the writer, on a connection of its own: SQLite itself would do it
/// inside some caller's commit and let that caller wait for the disk.
/// </summary>
internal sealed partial class SqliteCheckpointer(Func<StoreConnection> open, ILogger logger) : IDisposable
{
    /// <summary>After how many commits the log is copied; about two megabytes.</summary>
    public const int CommitsBetween = 256;

    // Under steady load the writer is never through with the log; past this size it has to wait for once.
    private const int MaxPages = 16_384;

    private readonly Lock _gate = new();
    private StoreConnection? _connection;
    private int _running;
    private int _commits;
    private bool _tooLong;
    private bool _closed;

    /// <summary>Called after each commit, in the writer's turn.</summary>
    public void AfterCommit()
    {
        if (Volatile.Read(ref _tooLong))
        {
            // There is no writer now, so this time all of the log can be copied and restarted.
            Volatile.Write(ref _tooLong, TryCopy(restart: true) > MaxPages);
            _commits = 0;
        }

        if (++_commits < CommitsBetween || Interlocked.Exchange(ref _running, 1) != 0)
        {
            return;
        }

        _commits = 0;
        ThreadPool.UnsafeQueueUserWorkItem(static self => self.CopyBeside(), this, preferLocal: false);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _connection?.Dispose();
        }
    }

    private void CopyBeside()
    {
        if (TryCopy(restart: false) > MaxPages)
        {
            Volatile.Write(ref _tooLong, true);
        }

        Volatile.Write(ref _running, 0);
    }

    // The number of pages in the log; none when it is unknown.
    private int TryCopy(bool restart)
    {
        try
        {
            lock (_gate)
            {
                if (_closed)
                {
                    return 0;
                }

                var (pages, copied) = (_connection ??= open()).Checkpoint(restart);
                return restart && pages == copied ? 0 : pages;
            }
        }
        catch (SqliteException e)
        {
            LogFailed(logger, e);
            return 0;
        }
    }

    [LoggerMessage(1102, LogLevel.Warning, "Store log not copied into the database; it grows until a copy succeeds.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
