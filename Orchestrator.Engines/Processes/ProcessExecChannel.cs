using System.Diagnostics;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Processes;

/// <summary>The standard streams of a supervisor that runs as our child. Disposing closes its input, which ends it.</summary>
internal sealed class ProcessExecChannel : IExecChannel
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _errors;

    public ProcessExecChannel(Process process)
    {
        _process = process;
        // Unread, its standard error would fill up and block it.
        _errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var input = _process.StandardInput.BaseStream;
        await input.WriteAsync(data, cancellationToken);
        await input.FlushAsync(cancellationToken);
    }

    public void CloseInput() => _process.StandardInput.Close();

    public async ValueTask<(OutputStream Stream, int Count)> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        (OutputStream.Stdout, await _process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        try
        {
            CloseInput();
        }
        catch (IOException)
        {
            // It ended first.
        }

        using var limit = new CancellationTokenSource(EndLimit);
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _errors.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }
}
