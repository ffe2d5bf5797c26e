using System.Numerics;

namespace Orchestrator.Core.Mining;

/// <summary>
/// How hard a share is to find: at difficulty 1 a hash has to be at most <c>0x00000000FFFF0000…0000</c>, at difficulty
/// <c>d</c> at most that divided by <c>d</c>, rounded down. The division is exact: a <see cref="double"/> is a whole
/// number times a power of two, and stands for just that number. (0.1 therefore means the double next to a tenth,
/// for its sender as for its verifier.)
/// </summary>
internal static class Difficulty
{
    private const int FractionBits = 52;
    private const int ExponentBias = 1023 + FractionBits;

    private static readonly BigInteger AtOne = (BigInteger)0xFFFF << 208;

    /// <summary>Whether a number can be a difficulty: finite and greater than zero.</summary>
    public static bool IsValid(double difficulty) => difficulty > 0 && double.IsFinite(difficulty);

    /// <summary>The greatest hash that a share of a difficulty may have; at most 2^256−1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite, or not greater than zero.</exception>
    public static UInt256 ToTarget(double difficulty)
    {
        if (!IsValid(difficulty))
        {
            throw new ArgumentOutOfRangeException(nameof(difficulty), difficulty, "A difficulty is finite and greater than zero.");
        }

        var (whole, exponent) = Split(difficulty);
        return UInt256.Saturate(exponent < 0 ? (AtOne << -exponent) / whole : AtOne / ((BigInteger)whole << exponent));
    }

    /// <summary>
    /// The highest difficulty that a hash is a share of: the greatest double whose <see cref="ToTarget"/> is not below
    /// the hash. For zero, which is a share of any difficulty, that is <see cref="double.MaxValue"/>.
    /// </summary>
    public static double OfHash(UInt256 hash)
    {
        if (hash == UInt256.Zero)
        {
            return double.MaxValue;
        }

        // h ≤ floor(AtOne / d) means d ≤ AtOne / h. That quotient, rounded towards zero to 53 bits, lies between 2^-33
        // and 2^225, where every double is a normal one.
        var divisor = hash.ToBigInteger();
        var shift = FractionBits + 1 + (int)divisor.GetBitLength() - (int)AtOne.GetBitLength();
        var quotient = shift >= 0 ? (AtOne << shift) / divisor : AtOne / (divisor << -shift);
        var excess = (int)quotient.GetBitLength() - (FractionBits + 1);
        return Math.ScaleB((double)(ulong)(quotient >> excess), excess - shift);
    }

    private static (ulong Whole, int Exponent) Split(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var fraction = bits & ((1UL << FractionBits) - 1);
        var exponent = (int)(bits >> FractionBits);
        return exponent == 0 ? (fraction, 1 - ExponentBias) : (fraction | (1UL << FractionBits), exponent - ExponentBias);
    }
}
