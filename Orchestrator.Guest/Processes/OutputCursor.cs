namespace Orchestrator.Guest.Processes;

/// <summary>One who follows a process's output. For one reader.</summary>
internal sealed class OutputCursor(OutputRing ring, long position) : IDisposable
{
    private TaskCompletionSource? _more;

    /// <summary>The offset of the next byte; the ring's to change, under its lock.</summary>
    internal long Position { get; set; } = position;

    /// <summary>Reads some output of one stream.</summary>
    /// <returns>Null when the process has ended and all was read.</returns>
    public async ValueTask<OutputPiece?> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (piece, more) = ring.Read(this, target.Span);
            if (more is null)
            {
                return piece.Count > 0 ? piece : null;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => ring.Forget(this);

    internal Task WaitForMore() => (_more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    internal void Wake()
    {
        _more?.SetResult();
        _more = null;
    }
}
