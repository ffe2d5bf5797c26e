using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Core.Mining;

namespace Orchestrator.Tests.Mining;

public sealed class DifficultyTests
{
    private static readonly BigInteger AtOne = BigInteger.Parse("00000000FFFF0000000000000000000000000000000000000000000000000000", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(1, "00000000ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData(2, "000000007fff8000000000000000000000000000000000000000000000000000")]
    [InlineData(0.5, "00000001fffe0000000000000000000000000000000000000000000000000000")]
    [InlineData(65535, "0000000000010000000000000000000000000000000000000000000000000000")]
    [InlineData(3, "0000000055550000000000000000000000000000000000000000000000000000")]
    [InlineData(7, "0000000024922492492492492492492492492492492492492492492492492492")]
    [InlineData(9, "000000001c71aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData(0.0001, "0000270fd8efffffff791d46e3400001d1c6e73746fff9b79d29951ed415b1f5")]
    [InlineData(1e18, "000000000000000000000012724b5f7471d95d3bbefee5e602a7b17261180d8e")]
    [InlineData(2.3283064365386963e-10, "ffff000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(1.1641532182693481e-10, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData(double.Epsilon, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData(double.MaxValue, "0000000000000000000000000000000000000000000000000000000000000000")]
    public void ToTarget_KnownDifficulty_IsTheFloorOfTheQuotient(double difficulty, string target) =>
        Assert.Equal(target, Difficulty.ToTarget(difficulty).ToString());

    [Fact]
    public void ToTarget_AnyDifficulty_IsTheGreatestNumberWhoseProductStaysWithinTheFirstTarget() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(AnyDifficulty(), difficulty =>
        {
            // target · d ≤ AtOne < (target + 1) · d, with d = whole / 2^down, in whole numbers only.
            var (whole, down) = ExactFraction(difficulty);
            var target = Difficulty.ToTarget(difficulty);
            var limit = AtOne << down;
            return target.ToBigInteger() * whole <= limit
                && (target == UInt256.MaxValue || (target.ToBigInteger() + 1) * whole > limit);
        }));

    [Fact]
    public void ToTarget_GreaterDifficulty_IsNeverAHigherTarget() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(AnyDifficulty(), difficulty =>
            Difficulty.ToTarget(difficulty) >= Difficulty.ToTarget(Math.Min(Math.BitIncrement(difficulty), double.MaxValue))));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void ToTarget_NotADifficulty_Throws(double difficulty) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Difficulty.ToTarget(difficulty));

    [Fact]
    public void OfHash_AnyHash_IsTheHighestDifficultyThatItMeets() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(AnyHash(), hash =>
        {
            var difficulty = Difficulty.OfHash(hash);
            return Difficulty.ToTarget(difficulty) >= hash
                && (hash == UInt256.Zero || Difficulty.ToTarget(Math.BitIncrement(difficulty)) < hash);
        }));

    [Fact]
    public void OfHash_TargetOfADifficulty_IsThatDifficultyOrTheNextAbove() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(AnyDifficulty(), difficulty =>
            Difficulty.ToTarget(difficulty) is var target && (target == UInt256.MaxValue || Difficulty.OfHash(target) >= difficulty)));

    [Theory]
    [MemberData(nameof(KnownBlock.Heights), MemberType = typeof(KnownBlock))]
    public void OfHash_TargetOfAKnownBlock_IsItsPublishedDifficulty(int height)
    {
        var block = KnownBlock.At(height);
        Assert.Equal(block.Difficulty, Difficulty.OfHash(block.Target()), 1e-15 * block.Difficulty);
    }

    [Theory]
    [MemberData(nameof(KnownBlock.Heights), MemberType = typeof(KnownBlock))]
    public void ToTarget_PublishedDifficulty_AgreesWithTheBlocksBits(int height)
    {
        // A published difficulty is the quotient rounded to 53 bits, so its target agrees to about as many.
        var block = KnownBlock.At(height);
        var difference = BigInteger.Abs(Difficulty.ToTarget(block.Difficulty).ToBigInteger() - block.Target().ToBigInteger());
        Assert.True(difference <= block.Target().ToBigInteger() >> 52);
    }

    // Independent of the product's way: the shortest power of two that makes the double whole.
    private static (BigInteger Whole, int Down) ExactFraction(double value)
    {
        var down = 0;
        while (value != Math.Floor(value))
        {
            value *= 2;
            down++;
        }

        return (new BigInteger(value), down);
    }

    private static Arbitrary<double> AnyDifficulty() => Gen.Elements(-1074, -1022, -300, -40, -33, -32, -10, 0, 1, 20, 60, 200, 224, 230, 900)
        .SelectMany(exponent => Gen.Choose(1, int.MaxValue).Select(mantissa => Math.ScaleB(mantissa / 3.0, exponent - 30)))
        .Where(Difficulty.IsValid)
        .ToArbitrary();

    private static Arbitrary<UInt256> AnyHash() => Gen.Choose(0, 256)
        .SelectMany(bits => Gen.Choose(0, int.MaxValue).Select(seed => RandomHash(bits, seed)))
        .ToArbitrary();

    private static UInt256 RandomHash(int bits, int seed)
    {
        var bytes = new byte[32];
        new Random(seed).NextBytes(bytes);
        return UInt256.Saturate(new BigInteger(bytes, isUnsigned: true) >> (256 - bits));
    }
}
