using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Core.Tasks.Callbacks;

/// <summary>
/// Where callbacks may go. A caller's URL is checked against the list when the task is accepted and again before each
/// delivery; the address that its host resolves to is checked at connect.
/// </summary>
/// <param name="options">The list.</param>
public sealed class CallbackRules(CallbackOptions options)
{
    /// <summary>The longest address, in characters.</summary>
    public const int MaxLength = 2_048;

    private const string Private = "a private address, which Callbacks:AllowPrivate=true allows";

    private readonly HashSet<string> _allowed = new(options.Allowed.Select(entry => entry.Trim()), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether names that callers give may resolve to private addresses.</summary>
    public bool AllowsPrivate => options.AllowPrivate;

    /// <summary>Checks an address named by a caller.</summary>
    /// <returns>Why it is refused, the rest of a sentence that begins with its name; null when it is allowed.</returns>
    public string? Refuse(string url)
    {
        if (url.Length > MaxLength || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return "must be an http or https address.";
        }

        if (uri.UserInfo.Length > 0)
        {
            return "must not hold a user or password.";
        }

        string host;
        try
        {
            host = uri.IdnHost;
        }
        catch (UriFormatException)
        {
            return "must name a host that a name server can know.";
        }

        if (IPAddress.TryParse(host, out var address) && RefuseAddress(host, address, options.AllowPrivate) is { } reason)
        {
            return $"must not lead to {reason}.";
        }

        var pair = $"{host}:{uri.Port}";
        return _allowed.Contains(pair) || _allowed.Contains($"{uri.Host}:{uri.Port}") ? null : $"leads to {pair}, which is not in Callbacks:Allowed.";
    }

    /// <summary>Checks an address that a callback's host resolves to now.</summary>
    /// <param name="host">The host: a name, or the address itself.</param>
    /// <param name="address">The address.</param>
    /// <param name="allowPrivate">Whether a name may resolve to a private address.</param>
    /// <returns>The kind of forbidden address that it is; null when it is allowed.</returns>
    public static string? RefuseAddress(string host, IPAddress address, bool allowPrivate)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return bytes switch
            {
                [0, ..] => "an unspecified address",
                [169, 254, ..] => "a link-local address, where clouds keep their metadata",
                [100, 100, 100, 200] => "a metadata address",
                [>= 224, ..] => "a multicast or reserved address",
                [127, ..] => MeansThisMachine(host) ? null : "this machine under another name",
                [10, ..] or [172, >= 16 and < 32, ..] or [192, 168, ..] or [100, >= 64 and < 128, ..] or [192, 0, 0, _] or [198, 18 or 19, ..]
                    when !allowPrivate && !MayBePrivate(host) => Private,
                _ => null,
            };
        }

        return address switch
        {
            { IsIPv6LinkLocal: true } => "a link-local address",
            { IsIPv6Multicast: true } => "a multicast address",
            _ when address.Equals(IPAddress.IPv6Any) => "an unspecified address",
            // fd00:ec2::254, fd20:ce::254
            _ when bytes is [0xfd, 0x00, 0x0e, 0xc2, ..] or [0xfd, 0x20, 0x00, 0xce, ..] => "a metadata address",
            // IPv4 inside IPv6: 64:ff9b::/96 and the deprecated ::/96.
            _ when bytes is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..] => RefuseAddress(host, new IPAddress(bytes.AsSpan(12)), allowPrivate),
            // 6to4, 2002::/16.
            _ when bytes is [0x20, 0x02, ..] => RefuseAddress(host, new IPAddress(bytes.AsSpan(2, 4)), allowPrivate),
            _ when IPAddress.IsLoopback(address) => MeansThisMachine(host) ? null : "this machine under another name",
            _ when !bytes.AsSpan(0, 12).ContainsAnyExcept((byte)0) => RefuseAddress(host, new IPAddress(bytes.AsSpan(12)), allowPrivate),
            // fc00::/7, fec0::/10 and 64:ff9b:1::/48.
            _ when (address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal || bytes is [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01, ..])
                && !allowPrivate && !MayBePrivate(host) => Private,
            _ => null,
        };
    }

    // An operator who lists the address itself means it.
    private static bool MayBePrivate(string host) => MeansThisMachine(host) || IPAddress.TryParse(host.Trim('[', ']'), out _);

    private static bool MeansThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals("host.docker.internal", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var literal) && IPAddress.IsLoopback(literal));
}
