using System.Buffers;
using System.Text;
using Orchestrator.Core.Engines;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Keeps both streams of a command, and tells when it began and when something came.</summary>
internal sealed class TextOutput : IExecOutput
{
    private readonly ArrayBufferWriter<byte> _stdout = new();
    private readonly ArrayBufferWriter<byte> _stderr = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    /// <summary>Done when the command was started.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Done when anything was written.</summary>
    public Task First => _first.Task;

    public string Stdout => Text(_stdout);

    public string Stderr => Text(_stderr);

    public ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        _begun.SetResult();
        return ValueTask.CompletedTask;
    }

    public async ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        Assert.True(_begun.Task.IsCompleted, "Output came before it was told that the command began.");
        Assert.Equal(1, Interlocked.Increment(ref _calls));
        await Task.Yield();
        lock (_stdout)
        {
            (stream == OutputStream.Stdout ? _stdout : _stderr).Write(data.Span);
        }

        Assert.Equal(0, Interlocked.Decrement(ref _calls));
        _first.TrySetResult();
    }

    private string Text(ArrayBufferWriter<byte> written)
    {
        lock (_stdout)
        {
            return Encoding.UTF8.GetString(written.WrittenSpan);
        }
    }
}
