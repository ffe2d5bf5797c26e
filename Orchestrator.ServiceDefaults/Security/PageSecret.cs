using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// The secret that this process's page is given when it is loaded, and sends with every call that changes state. No other page
/// can read it: it is in a document that is not shared with other origins, and in no cookie, which all ports of a host share.
/// </summary>
public sealed class PageSecret
{
    /// <summary>The header that carries it; a page that several instances serve sends the secret of each, between commas.</summary>
    public const string Header = "X-Orchestrator-Page";

    // Browsers let a page set no header of a WebSocket, but let it offer sub-protocols.
    private const string SubProtocol = "orchestrator.page.";

    /// <summary>The secret: 64 hexadecimal digits, new for every process.</summary>
    public string Value { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Whether a call carries it.</summary>
    internal bool IsIn(HttpRequest request)
    {
        Span<byte> expected = stackalloc byte[Value.Length];
        Encoding.ASCII.GetBytes(Value, expected);
        var offered = request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketProtocol)
            .Where(name => name.StartsWith(SubProtocol, StringComparison.Ordinal)).Select(name => name[SubProtocol.Length..]);
        foreach (var given in request.Headers.GetCommaSeparatedValues(Header).Concat(offered))
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), expected))
            {
                return true;
            }
        }

        return false;
    }
}
