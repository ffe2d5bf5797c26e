using Orchestrator.Core.Mining;

namespace Orchestrator.Tests.Mining;

public sealed class SubmissionTests
{
    private const string AtOne = "00000000FFFF0000000000000000000000000000000000000000000000000000";
    private const string AboveOne = "00000000FFFF0000000000000000000000000000000000000000000000000001";

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 1, 1, true)]
    [InlineData(AtOne, 1, 1, true)]
    [InlineData(AboveOne, 1, 1, false)]
    [InlineData(AboveOne, 0.9999999999999999, 0.5, true)]
    [InlineData("00000000ffff0000000000000000000000000000000000000000000000000000", 1, 1, true)]
    [InlineData(AtOne, 1, 1.0000000000000002, false)]
    [InlineData(AtOne, 0.5, 1, false)]
    [InlineData(AtOne, 2, 1, false)]
    [InlineData("000000007FFF8000000000000000000000000000000000000000000000000000", 2, 1, true)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 1e-300, 1e-300, true)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", 1e300, 1, false)]
    public void IsValid_HashAndDifficulty_AreHeldToTheirTargets(string hash, double difficulty, double roundDifficulty, bool valid) =>
        Assert.Equal(valid, Of(hash, difficulty).IsValid(roundDifficulty));

    [Theory]
    [MemberData(nameof(KnownBlock.Heights), MemberType = typeof(KnownBlock))]
    public void IsValid_KnownBlock_IsAShareOfItsDifficultyWithItsOwnHeaderOnly(int height)
    {
        var block = KnownBlock.At(height);
        var header = Convert.ToHexString(block.Header());
        var other = Convert.ToHexString(KnownBlock.At(height == 0 ? 1 : 0).Header());

        Assert.True(Of(block.Hash, block.Difficulty, header).IsValid(block.Difficulty));
        Assert.False(Of(block.Hash, block.Difficulty, other).IsValid(block.Difficulty));
    }

    [Fact]
    public void IsValid_HashInTheOrderOfTheDigestsBytes_IsNoShare()
    {
        var block = KnownBlock.At(0);
        var reversed = Convert.FromHexString(block.Hash);
        Array.Reverse(reversed);

        Assert.False(Of(Convert.ToHexString(reversed), 1, Convert.ToHexString(block.Header())).IsValid(1));
    }

    [Theory]
    [MemberData(nameof(KnownBlock.Heights), MemberType = typeof(KnownBlock))]
    public void Hash_KnownBlock_IsItsPublishedHash(int height)
    {
        var block = KnownBlock.At(height);
        var hash = BlockHeader.Hash(block.Header());

        Assert.Equal(block.Hash, hash.ToString());
        Assert.True(hash <= block.Target());
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000ffff000000000000000000000000000000000000000000000000000")]
    [InlineData("00000000ffff00000000000000000000000000000000000000000000000000000")]
    [InlineData("0x000000ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData(" 0000000ffff000000000000000000000000000000000000000000000000000 ")]
    [InlineData("00000000ffff000000000000000000000000000000000000000000000000000\0")]
    [InlineData("0000000０ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData("-0000000ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData("g0000000ffff0000000000000000000000000000000000000000000000000000")]
    public void TryParse_AnythingBut64HexDigits_IsFalse(string text) => Assert.False(UInt256.TryParse(text, out _));

    [Fact]
    public void Parse_HeaderOfAnotherLengthOrDigit_IsNull()
    {
        var header = Convert.ToHexString(KnownBlock.At(0).Header());

        Assert.Equal(KnownBlock.At(0).Header(), BlockHeader.Parse(header));
        Assert.Null(BlockHeader.Parse(header.AsSpan(1)));
        Assert.Null(BlockHeader.Parse(header + "00"));
        Assert.Null(BlockHeader.Parse(string.Concat("x", header.AsSpan(1))));
        Assert.Null(BlockHeader.Parse(""));
    }

    private static Submission Of(string hash, double difficulty, string? header = null) =>
        new(1, hash, difficulty, 1, "worker_1", "sub_1", header);
}
