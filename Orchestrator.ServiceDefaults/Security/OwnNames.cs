using System.Net;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// The names of this machine. They expose a browser that was sent here under another name (DNS rebinding).
/// </summary>
internal sealed class OwnNames(SecurityOptions options, string machineName)
{
    private readonly bool _all = options.AllowedHosts.Contains("*");
    private readonly HashSet<string> _names =
        new(options.AllowedHosts.Where(host => !host.StartsWith('*')).Append(machineName), StringComparer.OrdinalIgnoreCase);
    private readonly string[] _suffixes =
        [.. options.AllowedHosts.Where(host => host.StartsWith("*.", StringComparison.Ordinal)).Select(host => host[1..])];

    /// <summary>Whether a call's <c>Host</c> names this machine or is allowed.</summary>
    /// <param name="host">The header.</param>
    /// <param name="local">The local address of the connection; DNS can't forge it as a name of this machine.</param>
    public bool Includes(HostString host, IPAddress? local)
    {
        var name = host.Host;
        if (string.IsNullOrEmpty(name))
        {
            return false;
        }

        return _all || IsLoopback(name) || _names.Contains(name)
            || _suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            || (local is not null && IPAddress.TryParse(name, out var address) && Same(address, local));
    }

    /// <summary>Whether a name is localhost, below it, or a loopback address.</summary>
    public static bool IsLoopback(string name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address) && IsPlain(name));

    // "127.1" and "0x7f.1" are addresses to the parser, but no browser sends them.
    private static bool IsPlain(string name) => name.Contains(':') || name.Count(c => c == '.') == 3;

    private static bool Same(IPAddress a, IPAddress b) => Plain(a).Equals(Plain(b));

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
