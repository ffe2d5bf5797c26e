using System.Security.Cryptography;

namespace Orchestrator.Core;

/// <summary>Makes the ids and secrets of new runners.</summary>
public static class RunnerId
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>
    /// A new id: the template's prefix, the time in Unix milliseconds and nine random letters or digits,
    /// <c>worker-1766000000000-a1b2c3d4e</c> (the machine ids of docs/contract/worker-machines.md).
    /// </summary>
    public static string Create(string prefix, DateTimeOffset now) =>
        $"{prefix}-{now.ToUnixTimeMilliseconds()}-{RandomNumberGenerator.GetString(Alphabet, 9)}";

    /// <summary>A new token: 256 random bits in lower-case hexadecimal.</summary>
    public static string CreateToken() => RandomNumberGenerator.GetHexString(64, lowercase: true);
}
