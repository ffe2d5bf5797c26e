using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// Section <c>Security</c>: who may call, and where from. Lists other than the keys are JSON arrays, or one string with the
/// entries between commas.
/// </summary>
public sealed class SecurityOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Security";

    /// <summary>The shortest and the longest key, in characters.</summary>
    internal const int MinKeyLength = 20, MaxKeyLength = 1024;

    /// <summary>
    /// Keys that callers send as <c>X-Api-Key</c>. With one or more, every call needs one, except the health checks and
    /// the page's static files. Each has 20 to 1024 characters of printable ASCII, without spaces and commas, and a key of
    /// its own: <c>Security__ApiKeys__0</c>, <c>Security__ApiKeys__1</c>, …; a single one may be <c>Security__ApiKeys</c>.
    /// </summary>
    public IReadOnlyList<string> ApiKeys { get; set; } = [];

    /// <summary>Serve other machines without keys.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>Serve <c>/metrics</c> without a key.</summary>
    public bool AnonymousMetrics { get; set; }

    /// <summary>
    /// Where the listeners listen: <c>loopback</c>, <c>any</c>, or IP addresses. Anything but loopback needs keys or
    /// <c>Security:AllowAnonymous</c>.
    /// </summary>
    /// <value><c>loopback</c>; with keys <c>any</c></value>
    public IReadOnlyList<string> Listen { get; set; } = [];

    /// <summary>
    /// Without keys: <c>Host</c> names that are answered besides this machine's. <c>*.example.com</c> for every name
    /// below, <c>*</c> for all.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <summary>
    /// How many connections all listeners together keep open, three quarters of them from one address at most. Further ones
    /// wait in the backlog, or are closed where their address has its share.
    /// </summary>
    /// <value>half the files that may still be opened at the start, at most 10,000</value>
    [Range(8, 1_000_000)]
    public int? MaxConnections { get; set; }

    internal bool HasKeys => ApiKeys.Count > 0;

    internal IReadOnlyList<ListenAddress> FindAddresses() => Listen.Count > 0
        ? [.. Listen.Select(ListenAddress.Find).OfType<ListenAddress>()]
        : [new ListenAddress(HasKeys ? ListenKind.Any : ListenKind.Loopback)];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var value in Listen.Where(value => ListenAddress.Find(value) is null))
        {
            yield return new($"'{value}' is not loopback, any or an IP address.", [nameof(Listen)]);
        }

        if (FindAddresses().FirstOrDefault(address => !address.IsLoopback) is { } open && !HasKeys && !AllowAnonymous)
        {
            yield return new(
                $"listening on '{open}' without Security:ApiKeys lets anyone who can reach this machine run code on it; " +
                "set keys, or set Security:AllowAnonymous=true.", [nameof(Listen)]);
        }

        // None of these shows a key, nor a part of one.
        if (ApiKeys.Any(key => key.Contains(',')))
        {
            yield return new("a key has a comma. Give each key an entry of its own: Security__ApiKeys__0, Security__ApiKeys__1, …", [nameof(ApiKeys)]);
        }
        else if (ApiKeys.Any(key => key.Any(c => c is <= ' ' or > '~')))
        {
            yield return new("keys must be printable ASCII without spaces.", [nameof(ApiKeys)]);
        }
        else if (ApiKeys.FirstOrDefault(key => key.Length is < MinKeyLength or > MaxKeyLength) is { } key)
        {
            yield return new($"keys must have {MinKeyLength} to {MaxKeyLength} characters; one has {key.Length}.", [nameof(ApiKeys)]);
        }
    }
}

/// <summary>Section <c>Cors</c>: which pages may call.</summary>
public sealed class OriginsOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Cors";

    /// <summary>
    /// Origins whose pages may call, as <c>https://app.example.com</c>. Pages of this machine's other origins, as
    /// <c>http://localhost:4200</c>, may read answers; without keys they change nothing.
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; set; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => AllowedOrigins
        .Where(origin => !Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
        .Select(origin => new ValidationResult($"'{origin}' is not an origin; example: https://app.example.com.", [nameof(AllowedOrigins)]));
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

    /// <summary>What an entry names; null for nothing.</summary>
    public static ListenAddress? Find(string value) => value.ToLowerInvariant() switch
    {
        "loopback" or "localhost" => new(ListenKind.Loopback),
        "any" or "*" or "+" => new(ListenKind.Any),
        var text when IPAddress.TryParse(text.Trim('[', ']'), out var address) =>
            address.Equals(IPAddress.IPv6Any) ? new(ListenKind.Any) : new(ListenKind.Address, address),
        _ => null,
    };

    public override string ToString() => Address?.ToString() ?? Kind.ToString().ToLowerInvariant();
}
