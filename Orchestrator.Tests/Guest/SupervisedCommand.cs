using System.Buffers;
using System.Diagnostics;
using System.Text;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Tests.Guest;

/// <summary>The real program, started the way an engine does: <c>Orchestrator.Guest supervise</c>, its streams ours.</summary>
internal sealed class SupervisedCommand : IAsyncDisposable
{
    private readonly Process _process;
    private readonly IAsyncEnumerator<Frame> _frames;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    public SupervisedCommand(CommandRequest request)
    {
        _process = RunnerProcess.Start(["supervise"], redirectInput: true);
        _frames = FrameReader.ReadAllAsync(_process.StandardOutput.BaseStream, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Send(bytes => FrameWriter.Write(bytes, request));
    }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public Process Process => _process;

    public static CommandRequest Shell(string script, long timeoutMs = 20_000, long maxOutputBytes = 1 << 20) =>
        new(["sh", "-c", script], TimeoutMs: timeoutMs, MaxOutputBytes: maxOutputBytes);

    /// <summary>Runs a command without input to its end.</summary>
    public static async Task<(CommandExit Exit, string Output, string Error)> RunAsync(CommandRequest request)
    {
        await using var command = new SupervisedCommand(request);
        command.EndInput();
        var exit = await command.ExitAsync();
        return (exit, command.Output, command.Error);
    }

    public void SendInput(ReadOnlySpan<byte> input)
    {
        var frames = new ArrayBufferWriter<byte>();
        FrameWriter.Write(frames, FrameType.Input, input);
        _process.StandardInput.BaseStream.Write(frames.WrittenSpan);
        _process.StandardInput.BaseStream.Flush();
    }

    public void EndInput() => Send(bytes => FrameWriter.Write(bytes, FrameType.InputEnd));

    /// <summary>Leaves as a crashed caller does.</summary>
    public void HangUp() => _process.StandardInput.Close();

    /// <summary>Reads until the output has the text.</summary>
    public async Task OutputHasAsync(string text)
    {
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.Null(await NextAsync());
        }
    }

    public async Task<CommandExit> ExitAsync()
    {
        while (true)
        {
            if (await NextAsync() is { } exit)
            {
                await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
                return exit;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private async Task<CommandExit?> NextAsync()
    {
        Assert.True(await _frames.MoveNextAsync(), "The supervisor ended without telling the exit.");
        var frame = _frames.Current;
        switch (frame.Type)
        {
            case FrameType.Output:
                _output.Append(Encoding.UTF8.GetString(frame.Payload.Span));
                return null;
            case FrameType.Error:
                _error.Append(Encoding.UTF8.GetString(frame.Payload.Span));
                return null;
            default:
                Assert.Equal(FrameType.Exit, frame.Type);
                return CommandExit.Parse(frame.Payload.Span);
        }
    }

    private void Send(Action<ArrayBufferWriter<byte>> write)
    {
        var frames = new ArrayBufferWriter<byte>();
        write(frames);
        _process.StandardInput.BaseStream.Write(frames.WrittenSpan);
        _process.StandardInput.BaseStream.Flush();
    }
}
