using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Checks links that need no token, since they were signed with it (docs/contract/e2b.md, section 3.1).</summary>
/// <remarks>
/// <code>
/// v1_ + base64(SHA-256(path:operation:user:token[:expiration])) without padding
/// </code>
/// The key is the token's text, of which the container has the hash only. The server remembers it from the first call that
/// brought it, in its memory, which no other user of the container can read: the code's neither. Until then, and
/// after a rotation until the new token's first call, no link is good.
/// </remarks>
internal static class FileSignature
{
    private const string Version = "v1_";

    /// <summary>The query parameters a link carries.</summary>
    public const string Parameter = "signature";
    public const string ExpirationParameter = "signature_expiration";

    public static string Make(string path, string operation, string user, string token, long? expiration)
    {
        var text = $"{path}:{operation}:{user}:{token}";
        if (expiration is { } seconds)
        {
            text += string.Create(CultureInfo.InvariantCulture, $":{seconds}");
        }

        return Version + Convert.ToBase64String(Digest.Sha256(Encoding.UTF8.GetBytes(text))).TrimEnd('=');
    }

    /// <summary>What is wrong with a link's signature; null when it is good.</summary>
    /// <param name="query">The link's parameters.</param>
    /// <param name="operation"><c>read</c> or <c>write</c>.</param>
    /// <param name="token">The token; null when it is not known.</param>
    /// <param name="now">The time.</param>
    public static string? Problem(IQueryCollection query, string operation, string? token, DateTimeOffset now)
    {
        string? signature = query[Parameter];
        if (string.IsNullOrEmpty(signature))
        {
            return "Send the runner's token (X-Access-Token) or a signature.";
        }

        long? expiration = null;
        if (query[ExpirationParameter] is [{ Length: > 0 } text])
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return "invalid signature: the expiration must be a number of seconds";
            }

            expiration = seconds;
        }

        // Who can't sign learns nothing about times.
        if (token is null || !CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(signature),
            Encoding.UTF8.GetBytes(Make(query["path"].ToString(), operation, query["username"].ToString(), token, expiration))))
        {
            return "invalid signature";
        }

        return expiration < now.ToUnixTimeSeconds() ? "signature is already expired" : null;
    }
}
