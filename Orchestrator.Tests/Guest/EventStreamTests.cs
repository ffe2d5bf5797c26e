using System.IO.Pipelines;
using System.Text;
using Orchestrator.Guest.Protocol;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest;

/// <summary>Events as they are sent, and what is sent in between.</summary>
public sealed class EventStreamTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Pipe _pipe = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silence_SendsACommentEvery15Seconds()
    {
        await using var events = new EventStream(_pipe.Writer, _time);
        await events.OutputAsync("a"u8.ToArray(), Cancel);
        Assert.Equal("event: stdout\ndata: \"a\"\n\n", await ReadAsync());

        for (var i = 0; i < 3; i++)
        {
            _time.Advance(EventStream.KeepAliveInterval);
            Assert.Equal(": keep-alive\n\n", await ReadAsync());
        }

        await events.ExitAsync(new CommandExit(0, false, false, 1), Cancel);
        Assert.StartsWith("event: exit\n", await ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_EndsTheComments()
    {
        var events = new EventStream(_pipe.Writer, _time);
        await events.DisposeAsync();

        _time.Advance(2 * EventStream.KeepAliveInterval);
        await _pipe.Writer.CompleteAsync();

        Assert.True((await _pipe.Reader.ReadAsync(Cancel)).Buffer.IsEmpty);
    }

    private async Task<string> ReadAsync()
    {
        var read = await _pipe.Reader.ReadAsync(Cancel);
        var text = Encoding.UTF8.GetString(read.Buffer);
        _pipe.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }
}
