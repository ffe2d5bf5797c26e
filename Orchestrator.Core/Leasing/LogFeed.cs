using System.Threading.Channels;
using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// One engine stream of a runner's log, for all who follow it. What came before a follower joined it reads from the log
/// itself, up to where the stream was then. The slowest follower holds the stream up; nothing is dropped.
/// </summary>
internal sealed class LogFeed(IRunnerEngine engine, string handle) : IAsyncDisposable
{
    // Of at most 32 KB each.
    private const int PiecesAhead = 8;

    private readonly Lock _gate = new();
    private readonly List<Channel<(OutputStream Stream, byte[] Data)>> _followers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LogPlace _place = new();
    private Task? _running;
    private (Exception? Error, bool Ended) _end;

    /// <summary>Copies the last lines so far, then whatever comes, until the log ends.</summary>
    public async Task FollowAsync(int? tail, IExecOutput output, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _running ??= RunAsync();
        }

        await _opened.Task.WaitAsync(cancellationToken);
        var pieces = Channel.CreateBounded<(OutputStream Stream, byte[] Data)>(PiecesAhead);
        var history = Join(pieces, tail);
        try
        {
            await output.BeginAsync(cancellationToken);
            if (history is { Bytes: > 0 } range)
            {
                await engine.CopyLogsAsync(handle, follow: false, null, new LogRange(range.SkipLines, range.Bytes, output), cancellationToken);
            }

            await foreach (var (stream, data) in pieces.Reader.ReadAllAsync(cancellationToken))
            {
                await output.WriteAsync(stream, data, cancellationToken);
            }
        }
        finally
        {
            lock (_gate)
            {
                _followers.Remove(pieces);
            }

            // The stream may be waiting for room.
            pieces.Writer.TryComplete();
        }
    }

    /// <summary>Ends the engine's stream, once nobody follows it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await (_running ?? Task.CompletedTask);
        _stop.Dispose();
    }

    private (long SkipLines, long Bytes)? Join(Channel<(OutputStream, byte[])> pieces, int? tail)
    {
        lock (_gate)
        {
            if (_end.Ended)
            {
                pieces.Writer.TryComplete(_end.Error);
            }
            else
            {
                _followers.Add(pieces);
            }

            return tail == 0 ? null : (tail is { } lines ? Math.Max(0, _place.Lines - lines) : 0, _place.Bytes);
        }
    }

    private async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            // What it holds already each follower reads by itself, as much of it as it wants.
            await engine.CopyLogsAsync(handle, follow: false, null, _place, _stop.Token);
            await engine.CopyLogsAsync(handle, follow: true, null, new LiveOutput(this, _place.Bytes), _stop.Token);
        }
        catch (Exception e)
        {
            error = e;
        }

        lock (_gate)
        {
            _end = (error, true);
            _followers.ForEach(pieces => pieces.Writer.TryComplete(error));
        }

        if (error is not null)
        {
            _opened.TrySetException(error);
            _ = _opened.Task.Exception;
        }

        _opened.TrySetResult();
    }

    private async ValueTask PassOnAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        Channel<(OutputStream, byte[])>[] followers;
        lock (_gate)
        {
            _place.Add(data.Span);
            followers = [.. _followers];
        }

        var piece = data.ToArray();
        foreach (var follower in followers)
        {
            while (!follower.Writer.TryWrite((stream, piece)) && await follower.Writer.WaitToWriteAsync(cancellationToken))
            {
            }
        }
    }

    private sealed class LiveOutput(LogFeed feed, long known) : IExecOutput
    {
        private long _skip = known;

        public ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            feed._opened.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            var skipped = (int)Math.Min(_skip, data.Length);
            _skip -= skipped;
            return skipped == data.Length ? ValueTask.CompletedTask : feed.PassOnAsync(stream, data[skipped..], cancellationToken);
        }
    }
}
