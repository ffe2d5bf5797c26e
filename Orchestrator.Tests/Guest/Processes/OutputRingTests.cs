using System.Text;
using Orchestrator.Guest.Processes;

namespace Orchestrator.Tests.Guest.Processes;

public sealed class OutputRingTests
{
    private readonly OutputRing _ring = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_Streams_AreToldApartInOrder()
    {
        using var cursor = _ring.Follow(0);
        await AppendAsync(OutputKind.Output, "ab");
        await AppendAsync(OutputKind.Output, "c");
        await AppendAsync(OutputKind.Error, "de");
        await AppendAsync(OutputKind.Output, "f");
        _ring.Complete();

        Assert.Equal([(OutputKind.Output, "abc", 3), (OutputKind.Error, "de", 5), (OutputKind.Output, "f", 6)], await ReadAllAsync(cursor));
    }

    [Fact]
    public async Task Follow_Since_BeginsThereOrAtTheOldestKept()
    {
        for (var part = 0; part < 40; part++)
        {
            await AppendAsync(OutputKind.Output, new string((char)('a' + (part % 26)), 50_000));
        }

        _ring.Complete();
        using var oldest = _ring.Follow(0);
        using var later = _ring.Follow(1_999_990);
        using var past = _ring.Follow(5_000_000);
        using var now = _ring.Follow(null);

        Assert.Equal(OutputRing.Capacity, (await ReadAllAsync(oldest)).Sum(piece => piece.Text.Length));
        Assert.Equal((OutputKind.Output, "nnnnnnnnnn", 2_000_000L), Assert.Single(await ReadAllAsync(later)));
        Assert.Empty(await ReadAllAsync(past));
        Assert.Empty(await ReadAllAsync(now));
    }

    [Fact]
    public async Task Append_CursorAWindowBehind_WaitsUntilItReadsOrLeaves()
    {
        using var quick = _ring.Follow(0);
        var slow = _ring.Follow(0);
        for (var part = 0; part < 4; part++)
        {
            await AppendAsync(OutputKind.Output, new string('x', 64 * 1024));
        }

        Assert.False(_ring.IsHeldUp);
        var held = _ring.AppendAsync(OutputKind.Output, new byte[1], Cancelled).AsTask();
        Assert.True(_ring.IsHeldUp);
        await quick.ReadAsync(new byte[64 * 1024], Cancelled);
        Assert.False(held.IsCompleted);

        await slow.ReadAsync(new byte[1], Cancelled);
        await held;

        var again = _ring.AppendAsync(OutputKind.Output, new byte[1], Cancelled).AsTask();
        Assert.False(again.IsCompleted);
        slow.Dispose();
        await again;
    }

    [Fact]
    public async Task Read_NothingYet_WaitsForMoreOrTheEnd()
    {
        using var cursor = _ring.Follow(null);
        var more = cursor.ReadAsync(new byte[10], Cancelled).AsTask();
        Assert.False(more.IsCompleted);

        await AppendAsync(OutputKind.Error, "x");
        Assert.Equal(new OutputPiece(OutputKind.Error, 1, 1), await more);

        var end = cursor.ReadAsync(new byte[10], Cancelled).AsTask();
        Assert.False(end.IsCompleted);
        _ring.Complete();
        Assert.Null(await end);
    }

    private static async Task<List<(OutputKind Kind, string Text, long Offset)>> ReadAllAsync(OutputCursor cursor)
    {
        var pieces = new List<(OutputKind, string, long)>();
        var chunk = new byte[100_000];
        while (await cursor.ReadAsync(chunk, Cancelled) is { } piece)
        {
            pieces.Add((piece.Kind, Encoding.ASCII.GetString(chunk, 0, piece.Count), piece.Offset));
        }

        return pieces;
    }

    private async Task AppendAsync(OutputKind kind, string text) => await _ring.AppendAsync(kind, Encoding.ASCII.GetBytes(text), Cancelled);
}
