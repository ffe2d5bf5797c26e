using Orchestrator.Core.Engines;

namespace Orchestrator.Engines;

/// <summary>The streams of a program that was started beside a runner's own. Disposing closes its input and leaves it.</summary>
internal interface IExecChannel : IAsyncDisposable
{
    /// <summary>Writes to its standard input.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Ends its standard input.</summary>
    void CloseInput();

    /// <summary>Reads the next piece of its output.</summary>
    /// <returns>How much of <paramref name="buffer"/> was filled, and from which stream; 0 bytes at the end.</returns>
    ValueTask<(OutputStream Stream, int Count)> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
