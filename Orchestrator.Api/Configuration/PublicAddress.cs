using System.Net;
using System.Net.Sockets;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Where callers reach runners: <c>RUNNERS_HOST</c> and a runner's port.</summary>
internal sealed class PublicAddress
{
    private readonly string _prefix;

    /// <summary>Reads <c>RUNNERS_HOST</c>: a name, an address, or either behind a scheme.</summary>
    /// <exception cref="ConfigurationException">It is neither.</exception>
    public PublicAddress(string host, string setting)
    {
        var text = host.Trim().TrimEnd('/');
        var bare = IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{text.Trim('[', ']')}]"
            : text;
        var prefix = bare.Contains("://", StringComparison.Ordinal) ? bare : $"http://{bare}";
        if (!Uri.TryCreate($"{prefix}:1/", UriKind.Absolute, out var uri) || uri.PathAndQuery != "/" || uri.Port != 1 || uri.UserInfo.Length > 0)
        {
            throw new ConfigurationException(setting, $"'{host}' is not a host name or address, with a scheme or without.");
        }

        _prefix = prefix;
        Name = prefix[(prefix.IndexOf("://", StringComparison.Ordinal) + 3)..];
    }

    /// <summary>The host without a scheme.</summary>
    public string Name { get; }

    /// <summary>The address of a published port.</summary>
    public string UrlOf(int port) => $"{_prefix}:{port}";

    /// <summary>A runner's address; null while it has none.</summary>
    public string? EndpointOf(Runner runner) => runner switch
    {
        { Network: RunnerNetwork.None } => "N/A (isolated network mode)",
        { HostPort: { } port } => UrlOf(port),
        _ => null,
    };
}
