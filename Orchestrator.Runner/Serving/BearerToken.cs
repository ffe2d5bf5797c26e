using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Guest.Serving;

/// <summary>Checks callers. The container holds only the token's hash: code that reads all of it still cannot call.</summary>
internal sealed class BearerToken(byte[] hash)
{
    private const string Scheme = "Bearer ";

    /// <param name="authorization">The <c>Authorization</c> header's value.</param>
    public bool Accepts(string? authorization) =>
        authorization is not null
        && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())), hash);
}
