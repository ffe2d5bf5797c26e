using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>
/// Links to files that need no key: signed with the runner's token, so that every instance of the API checks them and none
/// outlives its runner.
/// </summary>
internal static class FileLinks
{
    /// <summary>The query of a link.</summary>
    /// <param name="token">The runner's token.</param>
    /// <param name="sessionId">The session.</param>
    /// <param name="path">The file.</param>
    /// <param name="write">Whether it is for PUT instead of GET.</param>
    /// <param name="expires">When it expires, in Unix seconds.</param>
    public static string QueryOf(string token, string sessionId, string path, bool write, long expires) => string.Create(
        CultureInfo.InvariantCulture,
        $"?path={Uri.EscapeDataString(path)}&expires={expires}&signature={Base64Url.EncodeToString(Sign(token, sessionId, path, write, expires))}");

    /// <summary>Why a link does not admit its caller; null when it does.</summary>
    public static ErrorResult? Refuse(
        string? token, string sessionId, string path, bool write, long? expires, string? signature, DateTimeOffset now)
    {
        // The same answer without a runner: a stranger learns nothing about sessions.
        if (token is null || expires is not { } until || !IsSigned(token, sessionId, path, write, until, signature))
        {
            return new ErrorResult(StatusCodes.Status403Forbidden, "SIGNATURE_INVALID", "The link's signature is not valid.");
        }

        return now.ToUnixTimeSeconds() < until
            ? null
            : new ErrorResult(StatusCodes.Status403Forbidden, "LINK_EXPIRED", "The link has expired.");
    }

    private static bool IsSigned(string token, string sessionId, string path, bool write, long expires, string? signature)
    {
        var expected = Base64Url.EncodeToUtf8(Sign(token, sessionId, path, write, expires));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(signature ?? ""));
    }

    // The path comes last: no line break in it moves another field.
    private static byte[] Sign(string token, string sessionId, string path, bool write, long expires) => HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(token),
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"files\n{sessionId}\n{(write ? "write" : "read")}\n{expires}\n{path}")));
}
