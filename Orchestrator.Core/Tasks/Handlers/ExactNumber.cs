using System.Globalization;
using System.Numerics;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>
/// An exact decimal number: a whole number and how many of its digits stand behind the point. Nothing is ever rounded.
/// </summary>
public readonly record struct ExactNumber
{
    /// <summary>How many digits a number may be written with.</summary>
    public const int MaxDigits = 4_096;

    /// <summary>The largest exponent, up or down.</summary>
    public const int MaxExponent = 308;

    // 2^53 - 1: every JSON reader keeps it exact.
    private static readonly BigInteger MaxJsonNumber = (1L << 53) - 1;

    private ExactNumber(BigInteger digits, int scale) => (Digits, Scale) = (digits, scale);

    private BigInteger Digits { get; }

    private int Scale { get; }

    /// <summary>Reads a number as people and JSON write it: sign, digits, point, exponent.</summary>
    /// <param name="text">The number, without anything around it.</param>
    /// <param name="number">The number.</param>
    /// <returns>What is wrong with it, the rest of a sentence that begins with its name; null when it is valid.</returns>
    public static string? TryParse(ReadOnlySpan<char> text, out ExactNumber number)
    {
        number = default;
        if (text.Length > MaxDigits + 16)
        {
            return $"has more than {MaxDigits} digits.";
        }

        var rest = text is ['+' or '-', ..] ? text[1..] : text;
        var exponentAt = rest.IndexOfAny('e', 'E');
        var mantissa = exponentAt < 0 ? rest : rest[..exponentAt];
        var pointAt = mantissa.IndexOf('.');
        var whole = pointAt < 0 ? mantissa : mantissa[..pointAt];
        var fraction = pointAt < 0 ? [] : mantissa[(pointAt + 1)..];
        if (whole.IsEmpty && fraction.IsEmpty || !AllDigits(whole) || !AllDigits(fraction) || (pointAt >= 0 && fraction.IsEmpty))
        {
            return "is not a number.";
        }

        if (whole.Length + fraction.Length > MaxDigits)
        {
            return $"has more than {MaxDigits} digits.";
        }

        var exponent = 0;
        if (exponentAt >= 0)
        {
            var written = rest[(exponentAt + 1)..];
            if (!AllDigits(written is ['+' or '-', ..] ? written[1..] : written) || written.TrimStart("+-").IsEmpty)
            {
                return "is not a number.";
            }

            if (!int.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MaxExponent)
            {
                return $"has an exponent beyond {MaxExponent}.";
            }
        }

        var digits = BigInteger.Parse(string.Concat("0", whole, fraction), NumberStyles.None, CultureInfo.InvariantCulture);
        var scale = fraction.Length - exponent;
        if (scale < 0)
        {
            (digits, scale) = (digits * BigInteger.Pow(10, -scale), 0);
        }

        number = new ExactNumber(text[0] == '-' ? -digits : digits, scale);
        return null;
    }

    /// <summary>The number as an integer; null when it is none, or more than 64 bits hold.</summary>
    internal long? ToWhole()
    {
        var whole = BigInteger.DivRem(Digits, BigInteger.Pow(10, Scale), out var rest);
        return rest.IsZero && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole : null;
    }

    /// <summary>The exact sum.</summary>
    public static ExactNumber operator +(ExactNumber left, ExactNumber right) => Add(left, right);

    /// <summary>The exact sum.</summary>
    public static ExactNumber Add(ExactNumber left, ExactNumber right)
    {
        var scale = Math.Max(left.Scale, right.Scale);
        return new ExactNumber(left.DigitsAt(scale) + right.DigitsAt(scale), scale);
    }

    /// <summary>All its digits, without redundant zeros.</summary>
    public override string ToString()
    {
        var digits = BigInteger.Abs(Digits).ToString(CultureInfo.InvariantCulture);
        if (Scale > 0)
        {
            digits = digits.PadLeft(Scale + 1, '0');
            digits = $"{digits.AsSpan(..^Scale)}.{digits.AsSpan(digits.Length - Scale)}".TrimEnd('0').TrimEnd('.');
        }

        return Digits.Sign < 0 && digits != "0" ? "-" + digits : digits;
    }

    /// <summary>As JSON: a number up to 2^53 - 1 in size, beyond it a string of digits (docs/contract/contract.md, Tasks).</summary>
    public string ToJson()
    {
        var limit = MaxJsonNumber * BigInteger.Pow(10, Scale);
        return BigInteger.Abs(Digits) <= limit ? ToString() : $"\"{this}\"";
    }

    private static bool AllDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private BigInteger DigitsAt(int scale) => scale == Scale ? Digits : Digits * BigInteger.Pow(10, scale - Scale);
}
