using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Engines;

/// <summary>The part of its token that a runner knows.</summary>
internal static class RunnerToken
{
    /// <summary>The variable that holds <see cref="Hash"/> inside.</summary>
    public const string HashVariable = "RUNNER_TOKEN_SHA256";

    /// <summary>The hexadecimal SHA-256 of a token: enough to check callers, useless for calling.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
