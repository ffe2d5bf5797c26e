using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Orchestrator.Core.Mining.Search;

/// <summary>
/// Searches for nonces with which a header's double SHA-256 is at most a target. Eight at a time where the processor has
/// vectors of 256 bits, else one by one. Not safe for concurrent use: one search per thread.
/// </summary>
internal sealed class NonceSearch
{
    private readonly UInt256 _target;
    private readonly byte[] _header;
    private readonly VectorDoubleSha256? _vector;

    /// <param name="header">The 80 bytes; their nonce does not matter.</param>
    /// <param name="target">The greatest hash that counts as found.</param>
    /// <param name="vectors">False to search without vectors on any processor.</param>
    public NonceSearch(ReadOnlySpan<byte> header, UInt256 target, bool vectors = true)
    {
        _target = target;
        _header = header[..BlockHeader.Size].ToArray();
        if (vectors && Vector256.IsHardwareAccelerated)
        {
            _vector = new VectorDoubleSha256(new HeaderWork(header));
        }
    }

    /// <summary>
    /// Tests nonces one after the other, starting with the first one, until one is found or the count is used up.
    /// </summary>
    /// <param name="first">The first nonce.</param>
    /// <param name="count">How many to test at most; those past 2^32−1 don't exist.</param>
    /// <param name="nonce">The nonce found; the first of them when there are several.</param>
    /// <returns>Whether one was found. All nonces before it, or all of them, are then known not to match.</returns>
    public bool TryFind(uint first, uint count, out uint nonce)
    {
        var end = Math.Min(first + (ulong)count, 1UL << 32);
        ulong next = first;
        if (_vector is not null)
        {
            for (; next + VectorDoubleSha256.Width <= end; next += VectorDoubleSha256.Width)
            {
                // Rarely any: one in 2^32 at difficulty 1.
                for (var lanes = _vector.FindCandidates((uint)next, _target.Top); lanes != 0; lanes &= lanes - 1)
                {
                    if (Meets(nonce = (uint)next + (uint)BitOperations.TrailingZeroCount(lanes)))
                    {
                        return true;
                    }
                }
            }
        }

        for (; next < end; next++)
        {
            if (Meets(nonce = (uint)next))
            {
                return true;
            }
        }

        nonce = 0;
        return false;
    }

    /// <summary>The header with a nonce.</summary>
    public byte[] WithNonce(uint nonce)
    {
        byte[] header = [.. _header];
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(BlockHeader.NonceOffset), nonce);
        return header;
    }

    private bool Meets(uint nonce)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(BlockHeader.NonceOffset), nonce);
        return BlockHeader.Hash(_header) <= _target;
    }
}
