using System.Buffers;
using System.Text;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines;

/// <summary>Collects the end of a log for a message, 2,000 bytes of it at most.</summary>
internal sealed class LastWords : IExecOutput
{
    /// <summary>How many lines of a log to ask for.</summary>
    public const int Lines = 10;

    private const int Longest = 2_000;
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <inheritdoc />
    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        _bytes.Write(data.Span[..Math.Min(data.Length, Longest - _bytes.WrittenCount)]);
        return ValueTask.CompletedTask;
    }

    /// <summary>A sentence with them; empty when there was no output.</summary>
    public override string ToString() =>
        Encoding.UTF8.GetString(_bytes.WrittenSpan).Trim() is { Length: > 0 } text ? $" Its last output: {text}" : "";
}
