using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// The key of a WebSocket that a page opens. Browsers let a page set no header of it, but let it offer sub-protocols: one of
/// them is <c>orchestrator.key.</c> and the key's UTF-8 in base64url. Unlike a query it is in no log and no history.
/// </summary>
internal static class SocketKey
{
    private const string Prefix = "orchestrator.key.";

    /// <summary>The key that a call offers; empty when it offers none.</summary>
    public static StringValues Of(HttpRequest request)
    {
        foreach (var protocol in request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketProtocol))
        {
            if (protocol.StartsWith(Prefix, StringComparison.Ordinal))
            {
                return Decode(protocol.AsSpan(Prefix.Length));
            }
        }

        return StringValues.Empty;
    }

    // What is no base64url is a wrong key, not a missing one.
    private static string Decode(ReadOnlySpan<char> encoded) =>
        Base64Url.IsValid(encoded) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(encoded)) : "";
}
