using System.Buffers;
using System.Text;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Tests.Guest;

public sealed class ServerSentEventsTests
{
    private readonly ArrayBufferWriter<byte> _written = new();

    [Fact]
    public void Output_TextWithNewlines_IsOneLineOfData()
    {
        new ServerSentEvents(_written).Output("a\n\"b\"\r\n\nevent: exit\n"u8);

        Assert.Equal("event: stdout\ndata: \"a\\n\\\"b\\\"\\r\\n\\nevent: exit\\n\"\n\n", Text);
    }

    [Fact]
    public void Output_CharactersCutByChunks_AreWrittenWhole()
    {
        var events = new ServerSentEvents(_written);
        foreach (var value in Encoding.UTF8.GetBytes("é€😀"))
        {
            events.Output([value]);
        }

        Assert.Equal(["\"é\"", "\"€\"", "\"😀\""], Text.Split('\n').Where(line => line.StartsWith("data", StringComparison.Ordinal))
            .Select(line => $"\"{System.Text.Json.JsonSerializer.Deserialize<string>(line[6..])}\""));
    }

    [Fact]
    public void Exit_WithHalfACharacterHeld_WritesAReplacementFirst()
    {
        var events = new ServerSentEvents(_written);
        events.Error([(byte)'x']);
        events.Error([0xe2, 0x82]);
        events.Exit(new CommandExit(null, true, false, 1.5));

        Assert.Equal(
            "event: stderr\ndata: \"x\"\n\nevent: stderr\ndata: \"\uFFFD\"\n\n"
            + "event: exit\ndata: {\"exitCode\":null,\"durationMs\":1.5,\"timedOut\":true,\"truncated\":false}\n\n",
            Text);
    }

    private string Text => Encoding.UTF8.GetString(_written.WrittenSpan);
}
