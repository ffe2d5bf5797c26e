using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines;

/// <summary>
/// The addresses of ports that an engine published on its host: at <c>Runners:Host</c> from outside, at
/// <c>Runners:ProbeHost</c> or <c>Runners:Bind</c> from this process. By the current settings, for older ports too.
/// </summary>
public sealed class PublishedPorts
{
    private readonly string _prefix;
    private readonly string _host;
    private readonly string _internalHost;

    /// <summary>The addresses by the settings.</summary>
    public PublishedPorts(RunnersOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _prefix = PrefixOf(options.Host);
        _host = HostOf(options);

        // A wildcard is an address to listen on, not to call.
        _internalHost = options.ProbeHost is { Length: > 0 } host ? host : options.Bind switch
        {
            "0.0.0.0" => "127.0.0.1",
            "::" or "[::]" => "::1",
            var bind => bind,
        };
    }

    /// <summary>The address of a published port.</summary>
    public RunnerAddress AddressOf(int port) =>
        new(_host, port, $"{_prefix}:{port}", new UriBuilder(Uri.UriSchemeHttp, _internalHost, port).Uri);

    /// <summary>Whether the text is a name, an address, or either behind a scheme.</summary>
    public static bool IsHost(string host) =>
        Uri.TryCreate($"{PrefixOf(host)}:1/", UriKind.Absolute, out var uri) && uri.PathAndQuery == "/" && uri.Port == 1 && uri.UserInfo.Length == 0;

    /// <summary>The host in endpoints, without a scheme.</summary>
    internal static string HostOf(RunnersOptions options)
    {
        var prefix = PrefixOf(options.Host);
        return prefix[(prefix.IndexOf("://", StringComparison.Ordinal) + 3)..];
    }

    private static string PrefixOf(string host)
    {
        var text = host.Trim().TrimEnd('/');
        var bare = IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{text.Trim('[', ']')}]"
            : text;
        return bare.Contains("://", StringComparison.Ordinal) ? bare : $"http://{bare}";
    }
}
