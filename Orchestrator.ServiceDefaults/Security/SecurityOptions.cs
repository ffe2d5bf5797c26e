using System.Net;
using Microsoft.Extensions.Configuration;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// Who may call, and where from: section <c>Security</c>, <c>AllowedHosts</c> and <c>Cors:AllowedOrigins</c>.
/// Lists are JSON arrays, or one string with the entries between commas.
/// </summary>
public sealed class SecurityOptions
{
    /// <summary>The keys that callers present as <c>X-Api-Key</c> (<c>Security:ApiKeys</c>); with one or more, every call needs one.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Whether to serve other machines without keys (<c>Security:AllowAnonymous</c>, false).</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>Whether <c>/metrics</c> is served without a key (<c>Security:AnonymousMetrics</c>, false).</summary>
    public bool AnonymousMetrics { get; init; }

    /// <summary>
    /// Where the doors listen (<c>Security:Listen</c>): <c>loopback</c>, <c>any</c> or addresses. Without keys loopback,
    /// with keys any address.
    /// </summary>
    public IReadOnlyList<string> Listen { get; init; } = [];

    /// <summary>
    /// <c>Host</c> names that are answered without keys, besides those that mean this machine (<c>AllowedHosts</c>):
    /// names, <c>*.example.com</c> for every name below, <c>*</c> for all.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins besides those of this machine whose pages may call (<c>Cors:AllowedOrigins</c>), as <c>https://app.example.com</c>.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    internal bool HasKeys => ApiKeys.Count > 0;

    internal IReadOnlyList<ListenAddress> ListenAddresses { get; private init; } = [];

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="ConfigurationException">One of them is wrong, or they would serve other machines without keys.</exception>
    public static SecurityOptions From(IConfiguration configuration)
    {
        var security = configuration.GetSection("Security");
        var keys = security.GetSection(nameof(ApiKeys)).ReadList(',');
        var listen = security.GetSection(nameof(Listen)).ReadList(',');
        var options = new SecurityOptions
        {
            ApiKeys = keys,
            AllowAnonymous = security.ReadFlag(nameof(AllowAnonymous)),
            AnonymousMetrics = security.ReadFlag(nameof(AnonymousMetrics)),
            Listen = listen,
            ListenAddresses = listen.Count > 0
                ? [.. listen.Select(ListenAddress.Parse)]
                : [new ListenAddress(keys.Count > 0 ? ListenKind.Any : ListenKind.Loopback)],
            AllowedHosts = configuration.GetSection(nameof(AllowedHosts)).ReadList(';', ','),
            AllowedOrigins = configuration.GetSection("Cors:AllowedOrigins").ReadList(',', ';'),
        };
        options.Check();
        return options;
    }

    private void Check()
    {
        if (ListenAddresses.FirstOrDefault(address => !address.IsLoopback) is { } open && !HasKeys && !AllowAnonymous)
        {
            throw new ConfigurationException("Security:Listen",
                $"listening on '{open}' without Security:ApiKeys would let everybody who reaches this machine run code on it; " +
                "set keys, or say Security:AllowAnonymous=true.");
        }

        foreach (var key in ApiKeys)
        {
            if (key.Any(c => c is <= ' ' or > '~'))
            {
                throw new ConfigurationException("Security:ApiKeys", "a key is made of printable ASCII without spaces.");
            }
        }

        foreach (var origin in AllowedOrigins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                throw new ConfigurationException("Cors:AllowedOrigins", $"'{origin}' is not an origin as https://app.example.com.");
            }
        }
    }
}

/// <summary>What a listen address names.</summary>
internal enum ListenKind
{
    Loopback,
    Any,
    Address,
}

/// <summary>One entry of <c>Security:Listen</c>.</summary>
internal sealed record ListenAddress(ListenKind Kind, IPAddress? Address = null)
{
    public bool IsLoopback => Kind == ListenKind.Loopback || (Address is { } address && IPAddress.IsLoopback(address));

    public static ListenAddress Parse(string value) => value.ToLowerInvariant() switch
    {
        "loopback" or "localhost" => new(ListenKind.Loopback),
        "any" or "*" or "+" => new(ListenKind.Any),
        var text when IPAddress.TryParse(text.Trim('[', ']'), out var address) =>
            address.Equals(IPAddress.IPv6Any) ? new(ListenKind.Any) : new(ListenKind.Address, address),
        _ => throw new ConfigurationException("Security:Listen", $"'{value}' is not loopback, any or an IP address."),
    };

    public override string ToString() => Address?.ToString() ?? Kind.ToString().ToLowerInvariant();
}
