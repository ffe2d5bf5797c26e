using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<uint>;

namespace Orchestrator.Core.Mining.Search;

/// <summary>
/// The double SHA-256 of one header with eight nonces at once, one per lane. It computes just enough for the 32 most
/// significant bits of the hashes: the digest's last word, which is final after round 60 of 64.
/// </summary>
internal sealed class VectorDoubleSha256
{
    /// <summary>The number of nonces tested at once.</summary>
    public const int Width = 8;

    private const int Unrolled = 8;
    private const uint FirstPadding = 0x80000000;
    private const uint DigestBits = 256;

    private static readonly Lanes Numbers = Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7);

    private static readonly uint SecondWord17 = Sha256.LittleSigma1(DigestBits);
    private static readonly uint SecondWord23 = Sha256.LittleSigma0(FirstPadding);
    private static readonly uint SecondWord30 = Sha256.LittleSigma0(DigestBits);

    private readonly HeaderWork _work;
    private readonly Lanes[] _words = new Lanes[Sha256.Rounds];

    public VectorDoubleSha256(HeaderWork work) => _work = work;

    /// <summary>
    /// Which of eight consecutive nonces give a hash whose 32 most significant bits are at most a limit: one bit each, the
    /// first nonce's the lowest.
    /// </summary>
    public uint FindCandidates(uint firstNonce, uint limit)
    {
        Span<Lanes> words = _words;
        HashHeader(words, SwapBytes(Vector256.Create(firstNonce) + Numbers));
        var top = SwapBytes(HashDigest(words));
        return Vector256.LessThanOrEqual(top, Vector256.Create(limit)).ExtractMostSignificantBits();
    }

    /// <summary>Hashes the second block and leaves the digest in the first eight words.</summary>
    private void HashHeader(Span<Lanes> w, Lanes nonce)
    {
        ScheduleHeader(w, nonce);
        Expand(w, 32, Sha256.Rounds);

        // The variables keep their places and the rounds turn instead. Three of eight are done, hence the places here.
        var (s, m) = (_work.BeforeNonce, _work.Midstate);
        Lanes f = Vector256.Create(s[0]), g = Vector256.Create(s[1]), h = Vector256.Create(s[2]), a = Vector256.Create(s[3]);
        Lanes b = Vector256.Create(s[4]), c = Vector256.Create(s[5]), d = Vector256.Create(s[6]), e = Vector256.Create(s[7]);
        Round(f, g, h, ref a, b, c, d, ref e, w[3], Sha256.K[3]);
        Round(e, f, g, ref h, a, b, c, ref d, w[4], Sha256.K[4]);
        Round(d, e, f, ref g, h, a, b, ref c, w[5], Sha256.K[5]);
        Round(c, d, e, ref f, g, h, a, ref b, w[6], Sha256.K[6]);
        Round(b, c, d, ref e, f, g, h, ref a, w[7], Sha256.K[7]);
        for (var i = Unrolled; i < Sha256.Rounds; i += Unrolled)
        {
            EightRounds(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, w, i);
        }

        w[0] = a + Vector256.Create(m[0]);
        w[1] = b + Vector256.Create(m[1]);
        w[2] = c + Vector256.Create(m[2]);
        w[3] = d + Vector256.Create(m[3]);
        w[4] = e + Vector256.Create(m[4]);
        w[5] = f + Vector256.Create(m[5]);
        w[6] = g + Vector256.Create(m[6]);
        w[7] = h + Vector256.Create(m[7]);
    }

    /// <summary>Hashes the digest in the first eight words and returns the last word of its digest.</summary>
    private static Lanes HashDigest(Span<Lanes> w)
    {
        ScheduleDigest(w);
        Expand(w, 32, 60);
        w[60] = Next(w[44..], w[58]);

        var s = Sha256.Initial;
        Lanes a = Vector256.Create(s[0]), b = Vector256.Create(s[1]), c = Vector256.Create(s[2]), d = Vector256.Create(s[3]);
        Lanes e = Vector256.Create(s[4]), f = Vector256.Create(s[5]), g = Vector256.Create(s[6]), h = Vector256.Create(s[7]);
        for (var i = 0; i < 56; i += Unrolled)
        {
            EightRounds(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h, w, i);
        }

        // Of the last rounds only the part that reaches the last word.
        Round(a, b, c, ref d, e, f, g, ref h, w[56], Sha256.K[56]);
        c += g + Choose(d, e, f, w[57], Sha256.K[57]);
        b += f + Choose(c, d, e, w[58], Sha256.K[58]);
        a += e + Choose(b, c, d, w[59], Sha256.K[59]);
        h += d + Choose(a, b, c, w[60], Sha256.K[60]);
        return h + Vector256.Create(s[7]);
    }

    private void ScheduleHeader(Span<Lanes> w, Lanes nonce)
    {
        for (var i = 4; i < 16; i++)
        {
            w[i] = Vector256.Create(_work.Words[i]);
        }

        w[HeaderWork.NonceWord] = nonce;

        // Words 5 to 14 are zero, and the rest is known but for the nonce.
        w[16] = Vector256.Create(_work.Word16);
        w[17] = Vector256.Create(_work.Word17);
        w[18] = Vector256.Create(_work.Word18) + Sigma0(nonce);
        w[19] = Vector256.Create(_work.Word19) + nonce;
        w[20] = Sigma1(w[18]) + w[4];
        w[21] = Sigma1(w[19]);
        w[22] = Sigma1(w[20]) + w[15];
        w[23] = Sigma1(w[21]) + w[16];
        for (var i = 24; i < 30; i++)
        {
            w[i] = Sigma1(w[i - 2]) + w[i - 7];
        }

        w[30] = Sigma1(w[28]) + w[23] + Vector256.Create(Sha256.LittleSigma0(8 * BlockHeader.Size));
        w[31] = Sigma1(w[29]) + w[24] + Vector256.Create(_work.Word31);
    }

    private static void ScheduleDigest(Span<Lanes> w)
    {
        w[8] = Vector256.Create(FirstPadding);
        for (var i = 9; i < 15; i++)
        {
            w[i] = Lanes.Zero;
        }

        w[15] = Vector256.Create(DigestBits);

        w[16] = Sigma0(w[1]) + w[0];
        w[17] = Vector256.Create(SecondWord17) + Sigma0(w[2]) + w[1];
        for (var i = 18; i < 22; i++)
        {
            w[i] = Sigma1(w[i - 2]) + Sigma0(w[i - 15]) + w[i - 16];
        }

        w[22] = Sigma1(w[20]) + w[15] + Sigma0(w[7]) + w[6];
        w[23] = Sigma1(w[21]) + w[16] + Vector256.Create(SecondWord23) + w[7];
        w[24] = Sigma1(w[22]) + w[17] + w[8];
        for (var i = 25; i < 30; i++)
        {
            w[i] = Sigma1(w[i - 2]) + w[i - 7];
        }

        w[30] = Sigma1(w[28]) + w[23] + Vector256.Create(SecondWord30);
        w[31] = Sigma1(w[29]) + w[24] + Sigma0(w[16]) + w[15];
    }

    private static void Expand(Span<Lanes> w, int from, int to)
    {
        Lanes even = w[from - 2], odd = w[from - 1];
        for (var i = from; i < to; i += 2)
        {
            // A slice of known length: its elements need no check of their bounds.
            var window = w.Slice(i - 16, 18);
            window[16] = even = Next(window, even);
            window[17] = odd = Next(window[1..], odd);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Next(ReadOnlySpan<Lanes> window, Lanes twoBefore) => window[9] + window[0] + Sigma0(window[1]) + Sigma1(twoBefore);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightRounds(
        ref Lanes a, ref Lanes b, ref Lanes c, ref Lanes d, ref Lanes e, ref Lanes f, ref Lanes g, ref Lanes h, Span<Lanes> words, int i)
    {
        var w = words.Slice(i, Unrolled);
        var k = Sha256.K.Slice(i, Unrolled);
        Round(a, b, c, ref d, e, f, g, ref h, w[0], k[0]);
        Round(h, a, b, ref c, d, e, f, ref g, w[1], k[1]);
        Round(g, h, a, ref b, c, d, e, ref f, w[2], k[2]);
        Round(f, g, h, ref a, b, c, d, ref e, w[3], k[3]);
        Round(e, f, g, ref h, a, b, c, ref d, w[4], k[4]);
        Round(d, e, f, ref g, h, a, b, ref c, w[5], k[5]);
        Round(c, d, e, ref f, g, h, a, ref b, w[6], k[6]);
        Round(b, c, d, ref e, f, g, h, ref a, w[7], k[7]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Lanes a, Lanes b, Lanes c, ref Lanes d, Lanes e, Lanes f, Lanes g, ref Lanes h, Lanes w, uint k)
    {
        var t1 = h + Choose(e, f, g, w, k);
        d += t1;
        var sum0 = (a >>> 2) ^ (a << 30) ^ (a >>> 13) ^ (a << 19) ^ (a >>> 22) ^ (a << 10);
        h = t1 + sum0 + (b ^ ((a ^ b) & (b ^ c)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Choose(Lanes e, Lanes f, Lanes g, Lanes w, uint k) =>
        w + Vector256.Create(k) + (g ^ (e & (f ^ g)))
        + ((e >>> 6) ^ (e << 26) ^ (e >>> 11) ^ (e << 21) ^ (e >>> 25) ^ (e << 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Sigma0(Lanes x) => (x >>> 7) ^ (x << 25) ^ (x >>> 18) ^ (x << 14) ^ (x >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Sigma1(Lanes x) => (x >>> 17) ^ (x << 15) ^ (x >>> 19) ^ (x << 13) ^ (x >>> 10);

    private static Lanes SwapBytes(Lanes x) => Vector256.Shuffle(x.AsByte(), Vector256.Create(
        (byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28)).AsUInt32();
}
