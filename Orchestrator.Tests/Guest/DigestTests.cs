using System.Security.Cryptography;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Tests.Guest;

/// <summary>The guest's own SHA-256 beside .NET's.</summary>
public sealed class DigestTests
{
    // Around the lengths at which the padding takes another block.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(119)]
    [InlineData(120)]
    [InlineData(100_000)]
    public void Sha256_OfAnyLength_IsTheFrameworks(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);

        Assert.Equal(Convert.ToHexString(SHA256.HashData(data)), Convert.ToHexString(Digest.Sha256(data)));
    }
}
