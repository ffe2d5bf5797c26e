using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orchestrator.Core;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Where callers reach runners: <c>RUNNERS_HOST</c> and a runner's port.</summary>
internal sealed class PublicAddress
{
    private readonly string _prefix;

    /// <summary>Where <c>RUNNERS_HOST</c> says.</summary>
    public PublicAddress(RunnersOptions options)
    {
        _prefix = PrefixOf(options.Host);
        Name = _prefix[(_prefix.IndexOf("://", StringComparison.Ordinal) + 3)..];
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

    /// <summary>Whether that is a name, an address, or either behind a scheme.</summary>
    public static bool IsHost(string host) =>
        Uri.TryCreate($"{PrefixOf(host)}:1/", UriKind.Absolute, out var uri) && uri.PathAndQuery == "/" && uri.Port == 1 && uri.UserInfo.Length == 0;

    private static string PrefixOf(string host)
    {
        var text = host.Trim().TrimEnd('/');
        var bare = IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{text.Trim('[', ']')}]"
            : text;
        return bare.Contains("://", StringComparison.Ordinal) ? bare : $"http://{bare}";
    }
}

/// <summary>Checks the hosts and addresses of section <c>Runners</c>.</summary>
internal sealed class RunnerAddressRules(IConfiguration configuration) : IValidateOptions<RunnersOptions>
{
    public ValidateOptionsResult Validate(string? name, RunnersOptions options) =>
        !IPAddress.TryParse(options.Bind, out _) ? Wrong(nameof(RunnersOptions.Bind), $"'{options.Bind}' is not an IP address.")
        : !PublicAddress.IsHost(options.Host) ? Wrong(nameof(RunnersOptions.Host), $"'{options.Host}' is not a host name or address, with a scheme or without.")
        : ValidateOptionsResult.Success;

    private ValidateOptionsResult Wrong(string key, string problem) =>
        ValidateOptionsResult.Fail($"{SettingNames.NameOf(configuration, $"{RunnersOptions.Section}:{key}")}: {problem}");
}
