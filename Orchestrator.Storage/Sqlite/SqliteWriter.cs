using Microsoft.Data.Sqlite;

namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// The one writing connection and its turn. A lone caller runs its change at once, on its own thread. Under contention
/// changes wait in line, and waiting changes are committed together, each as if alone: a caller gets its answer after the
/// commit, and a change that fails is undone without the others.
/// </summary>
/// <param name="connection">The connection; closed with the writer.</param>
/// <param name="afterCommit">Called after each commit inside the turn; must be quick and must not throw.</param>
internal sealed class SqliteWriter(StoreConnection connection, Action afterCommit) : IThreadPoolWorkItem, IDisposable
{
    /// <summary>How many changes may wait; further ones are refused.</summary>
    public const int MaxWaiting = 20_000;

    private const int MaxTogether = 256;
    private const int FencesAtOnce = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<Change> _waiting = new();
    private readonly List<Change> _together = [];
    private bool _taken;
    private bool _closed;
    private long _fence;
    private long _lastFence;

    /// <summary>The connection, for use inside a change.</summary>
    public StoreConnection Connection => connection;

    /// <summary>
    /// The next fence: greater than every earlier one, those of earlier processes included. Inside a change only.
    /// Fences are taken in blocks, so that most changes need no write for theirs; the rest of a block is lost at the end.
    /// </summary>
    public long NextFence()
    {
        if (_fence == _lastFence)
        {
            var reserved = connection.Prepare("UPDATE fences SET reserved = reserved + ?1 RETURNING reserved")
                .Bind(1, FencesAtOnce)
                .First(row => row.GetInt64(0));
            (_fence, _lastFence) = (reserved - FencesAtOnce, reserved);
        }

        return ++_fence;
    }

    /// <summary>Runs a change in a transaction; answers after the commit. It may run more than once.</summary>
    /// <exception cref="SqliteException">SQLite refused; nothing was changed.</exception>
    public ValueTask<TResult> RunAsync<TArgument, TResult>(
        Func<TArgument, TResult> operation, TArgument argument, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        Change<TArgument, TResult>? change = null;
        lock (_gate)
        {
            if (_closed)
            {
                return ValueTask.FromException<TResult>(new ObjectDisposedException(nameof(SqliteWriter)));
            }

            if (_waiting.Count >= MaxWaiting)
            {
                return ValueTask.FromException<TResult>(new SqliteOverloadException(MaxWaiting));
            }

            if (_taken)
            {
                _waiting.Enqueue(change = new Change<TArgument, TResult>(operation, argument, cancellationToken));
            }

            _taken = true;
        }

        return change is null ? RunAtOnce(operation, argument) : new ValueTask<TResult>(change.Answer);
    }

    /// <summary>Runs the waiting changes; queued by the caller that leaves the turn to them.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            _together.Clear();
            lock (_gate)
            {
                while (_together.Count < MaxTogether && _waiting.TryDequeue(out var change))
                {
                    if (!change.Cancelled)
                    {
                        _together.Add(change);
                    }
                }

                if (_together.Count == 0 && _waiting.Count == 0)
                {
                    _taken = false;
                    return;
                }
            }

            RunTogether();
        }
    }

    /// <summary>Waits for the turn, keeps it for good, and closes the connection.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        SpinWait.SpinUntil(() =>
        {
            lock (_gate)
            {
                return !_taken;
            }
        });
        connection.Dispose();
    }

    private ValueTask<TResult> RunAtOnce<TArgument, TResult>(Func<TArgument, TResult> operation, TArgument argument)
    {
        try
        {
            Begin();
            var result = operation(argument);
            Commit();
            return new ValueTask<TResult>(result);
        }
        catch (Exception e)
        {
            Rollback();
            return ValueTask.FromException<TResult>(e);
        }
        finally
        {
            Leave();
        }
    }

    private void RunTogether()
    {
        if (_together.Count == 0 || TryRun(_together, out var failure))
        {
            return;
        }

        if (_together.Count == 1)
        {
            _together[0].Fail(failure!);
            return;
        }

        // One of them broke the transaction, or together they were too much: run each alone.
        foreach (var change in _together)
        {
            if (!TryRun([change], out failure))
            {
                change.Fail(failure!);
            }
        }
    }

    private bool TryRun(List<Change> changes, out Exception? failure)
    {
        try
        {
            Begin();
            foreach (var change in changes)
            {
                change.Run();
            }

            Commit();
        }
        catch (Exception e)
        {
            Rollback();
            failure = e;
            return false;
        }

        foreach (var change in changes)
        {
            change.Complete();
        }

        failure = null;
        return true;
    }

    private void Begin() => connection.Prepare("BEGIN IMMEDIATE").ExecuteNonQuery();

    private void Commit()
    {
        connection.Prepare("COMMIT").ExecuteNonQuery();
        afterCommit();
    }

    private void Rollback()
    {
        // The undone change may have taken the block of fences.
        _fence = _lastFence;
        try
        {
            connection.Prepare("ROLLBACK").ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // There was nothing left to undo. The change's own error is the better one in any case, and the next BEGIN shows
            // whether this connection is lost.
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _taken = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private abstract class Change(CancellationToken cancellationToken)
    {
        /// <summary>Whether its caller left before it began; it is answered then.</summary>
        public bool Cancelled
        {
            get
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    return false;
                }

                Cancel(cancellationToken);
                return true;
            }
        }

        public abstract void Run();

        public abstract void Complete();

        public abstract void Fail(Exception exception);

        protected abstract void Cancel(CancellationToken cancellationToken);
    }

    private sealed class Change<TArgument, TResult>(
        Func<TArgument, TResult> operation, TArgument argument, CancellationToken cancellationToken) : Change(cancellationToken)
    {
        private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TResult? _result;

        public Task<TResult> Answer => _answer.Task;

        public override void Run() => _result = operation(argument);

        public override void Complete() => _answer.SetResult(_result!);

        public override void Fail(Exception exception) => _answer.SetException(exception);

        protected override void Cancel(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);
    }
}
