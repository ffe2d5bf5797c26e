using Orchestrator.Core.Engines;

namespace Orchestrator.Engines;

/// <summary>Passes on a bounded number of bytes of each stream and drops the rest.</summary>
internal sealed class BoundedOutput(IExecOutput output, int maxBytes)
{
    private long _stdout;
    private long _stderr;

    /// <summary>Whether output was dropped.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Passes a piece on as far as the bound allows.</summary>
    public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        ref var written = ref stream == OutputStream.Stdout ? ref _stdout : ref _stderr;
        var allowed = (int)Math.Min(data.Length, Math.Max(0, maxBytes - written));
        written += data.Length;
        Truncated |= allowed < data.Length;
        return allowed == 0 ? ValueTask.CompletedTask : output.WriteAsync(stream, data[..allowed], cancellationToken);
    }
}
