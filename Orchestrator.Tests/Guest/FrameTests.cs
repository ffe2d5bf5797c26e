using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Tests.Guest;

public sealed class FrameTests
{
    private static readonly FrameType[] StreamTypes = [FrameType.Input, FrameType.Output, FrameType.Error];

    [Fact]
    public void TryRead_AnySplitOfTheBytes_GivesTheSameFrames()
    {
        var frame = from type in Gen.Elements(StreamTypes)
                    from payload in Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value))
                    select (Type: type, Payload: payload);
        var cases = from frames in Gen.ArrayOf(frame)
                    from cuts in Gen.NonEmptyListOf(Gen.Choose(1, 40))
                    select (Frames: frames, Cuts: cuts.ToArray());

        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var bytes = new ArrayBufferWriter<byte>();
            foreach (var (type, payload) in sample.Frames)
            {
                FrameWriter.Write(bytes, type, payload);
            }

            var read = ReadInParts(bytes.WrittenSpan, sample.Cuts);
            return read.Count == sample.Frames.Length
                && read.Zip(sample.Frames).All(pair =>
                    pair.First.Type == pair.Second.Type && pair.First.Payload.AsSpan().SequenceEqual(pair.Second.Payload));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void TryRead_ArbitraryBytes_GivesFramesOrFrameExceptionOnly()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            var reader = new FrameReader();
            reader.Append(bytes);
            try
            {
                while (reader.TryRead(out var frame))
                {
                    Assert.True(Enum.IsDefined(frame.Type));
                }
            }
            catch (FrameException)
            {
                // The one way to refuse.
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Write_PayloadOverTheLimit_IsCutIntoFrames()
    {
        var payload = new byte[Frame.MaxPayload * 2 + 1];
        Random.Shared.NextBytes(payload);
        var bytes = new ArrayBufferWriter<byte>();
        FrameWriter.Write(bytes, FrameType.Output, payload);

        var frames = ReadInParts(bytes.WrittenSpan, [7919]);

        Assert.Equal([Frame.MaxPayload, Frame.MaxPayload, 1], frames.Select(frame => frame.Payload.Length));
        Assert.Equal(payload, frames.SelectMany(frame => frame.Payload));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'?' })]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { (byte)'O', 0, 1, 0, 1 })]
    [InlineData(new byte[] { (byte)'O', 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { (byte)'E', 0, 0, 0, 1 })]
    public void TryRead_NoFrame_IsRefusedBeforeItsPayload(byte[] bytes)
    {
        var reader = new FrameReader();
        reader.Append(bytes);

        Assert.Throws<FrameException>(() => reader.TryRead(out _));
    }

    [Fact]
    public async Task ReadAllAsync_StreamEndsInsideAFrame_Throws()
    {
        var bytes = new ArrayBufferWriter<byte>();
        FrameWriter.Write(bytes, FrameType.Output, "whole"u8);
        FrameWriter.Write(bytes, FrameType.Output, "cut"u8);
        using var stream = new MemoryStream(bytes.WrittenSpan[..^1].ToArray());

        var seen = new List<FrameType>();
        await Assert.ThrowsAsync<FrameException>(async () =>
        {
            await foreach (var frame in FrameReader.ReadAllAsync(stream, TestContext.Current.CancellationToken))
            {
                seen.Add(frame.Type);
            }
        });

        Assert.Equal([FrameType.Output], seen);
    }

    [Fact]
    public void CommandRequest_WrittenAndParsed_IsTheSame()
    {
        var request = new CommandRequest(
            ["python3", "-c", "print('ä\n')"], new Dictionary<string, string> { ["A"] = "1" }, "/tmp", 1500, 10);

        var parsed = CommandRequest.Parse(PayloadOf(bytes => FrameWriter.Write(bytes, request)));

        Assert.Equal(request.Command, parsed.Command);
        Assert.Equal(request.Env, parsed.Env);
        Assert.Equal((request.WorkingDirectory, 1500, 10), (parsed.WorkingDirectory, parsed.TimeoutMs, parsed.MaxOutputBytes));
    }

    [Fact]
    public void CommandExit_WrittenAndParsed_IsTheSame()
    {
        var exit = new CommandExit(null, true, true, 12.5, "why");

        Assert.Equal(exit, CommandExit.Parse(PayloadOf(bytes => FrameWriter.Write(bytes, exit))));
    }

    [Theory]
    [InlineData("""{}""", "command")]
    [InlineData("""{"command":[]}""", "command")]
    [InlineData("""{"command":[""]}""", "command")]
    [InlineData("""{"command":[null]}""", "command")]
    [InlineData("""{"command":"ls"}""", "command")]
    [InlineData("""{"command":["a\u0000b"]}""", "command")]
    [InlineData("""{"command":["a"],"timeoutMs":0}""", "timeoutMs")]
    [InlineData("""{"command":["a"],"timeoutMs":2147483648}""", "timeoutMs")]
    [InlineData("""{"command":["a"],"maxOutputBytes":-1}""", "maxOutputBytes")]
    [InlineData("""{"command":["a"],"env":{"A=B":"c"}}""", "env")]
    [InlineData("""{"command":["a"],"env":{"":"c"}}""", "env")]
    [InlineData("""nonsense""", "JSON")]
    [InlineData("""null""", "null")]
    public void CommandRequestParse_WrongRequest_NamesWhatIsWrong(string json, string named)
    {
        var error = Assert.Throws<FrameException>(() => CommandRequest.Parse(System.Text.Encoding.UTF8.GetBytes(json)));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    private static byte[] PayloadOf(Action<ArrayBufferWriter<byte>> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        write(bytes);
        return Assert.Single(ReadInParts(bytes.WrittenSpan, [1])).Payload;
    }

    private static List<(FrameType Type, byte[] Payload)> ReadInParts(ReadOnlySpan<byte> bytes, int[] cuts)
    {
        var reader = new FrameReader();
        var frames = new List<(FrameType, byte[])>();
        for (var part = 0; bytes.Length > 0; part++)
        {
            var length = Math.Min(cuts[part % cuts.Length], bytes.Length);
            reader.Append(bytes[..length]);
            bytes = bytes[length..];
            while (reader.TryRead(out var frame))
            {
                frames.Add((frame.Type, frame.Payload.ToArray()));
            }
        }

        Assert.False(reader.IsInsideFrame);
        return frames;
    }
}
