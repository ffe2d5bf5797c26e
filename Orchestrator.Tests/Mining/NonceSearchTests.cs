using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Mining.Search;

namespace Orchestrator.Tests.Mining;

public sealed class NonceSearchTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryFind_AnyHeaderAndRange_FindsWhatALoopOverSha256Finds(bool vectors) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(AnyRange(), range =>
        {
            var header = new byte[BlockHeader.Size];
            new Random(range.Seed).NextBytes(header);
            var target = UInt256.Saturate(BigInteger.One << range.TargetBits);
            return FindAll(header, target, range.First, range.Count, vectors).SequenceEqual(LoopOverSha256(header, target, range.First, range.Count));
        }));

    [Theory]
    [MemberData(nameof(KnownBlock.Heights), MemberType = typeof(KnownBlock))]
    public void TryFind_KnownBlock_FindsItsNonce(int height)
    {
        var block = KnownBlock.At(height);
        var header = block.Header();
        header.AsSpan(BlockHeader.NonceOffset).Clear();
        var search = new NonceSearch(header, block.Target());

        Assert.True(search.TryFind(block.Nonce - 100_003, 200_000, out var nonce));
        Assert.Equal(block.Nonce, nonce);
        Assert.Equal(block.Header(), search.WithNonce(nonce));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryFind_TheLastNonces_EndsThere(bool vectors)
    {
        var search = new NonceSearch(KnownBlock.At(0).Header(), UInt256.MaxValue, vectors);

        Assert.True(search.TryFind(uint.MaxValue, uint.MaxValue, out var last));
        Assert.Equal(uint.MaxValue, last);
        Assert.False(new NonceSearch(KnownBlock.At(0).Header(), UInt256.Zero, vectors).TryFind(uint.MaxValue - 20, uint.MaxValue, out _));
        Assert.False(search.TryFind(5, 0, out _));
    }

    [Fact]
    public void VectorsAreThere_OnEveryX64WithAvx2() =>
        Assert.Equal(System.Runtime.Intrinsics.X86.Avx2.IsSupported, Vector256.IsHardwareAccelerated);

    private static List<uint> FindAll(byte[] header, UInt256 target, uint first, uint count, bool vectors)
    {
        var search = new NonceSearch(header, target, vectors);
        List<uint> found = [];
        var end = Math.Min(first + (ulong)count, 1UL << 32);
        for (ulong next = first; next < end && search.TryFind((uint)next, (uint)(end - next), out var nonce); next = nonce + 1UL)
        {
            found.Add(nonce);
        }

        return found;
    }

    // SHA-256 by the framework, compared as a number made in another way than the product's.
    private static List<uint> LoopOverSha256(byte[] header, UInt256 target, uint first, uint count)
    {
        List<uint> found = [];
        byte[] copy = [.. header];
        for (ulong nonce = first; nonce < Math.Min(first + (ulong)count, 1UL << 32); nonce++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(76), (uint)nonce);
            if (new BigInteger(SHA256.HashData(SHA256.HashData(copy)), isUnsigned: true) <= target.ToBigInteger())
            {
                found.Add((uint)nonce);
            }
        }

        return found;
    }

    private static Arbitrary<(int Seed, uint First, uint Count, int TargetBits)> AnyRange() =>
        (from seed in Gen.Choose(0, int.MaxValue)
         from first in Gen.OneOf(Gen.Choose(0, int.MaxValue).Select(n => (uint)n), Gen.Choose(0, 300).Select(n => uint.MaxValue - (uint)n))
         from count in Gen.Choose(0, 400)
         from bits in Gen.Choose(246, 256)
         select (seed, first, (uint)count, bits)).ToArbitrary();
}
