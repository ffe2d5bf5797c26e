using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>The pages that may call: those of this machine and those in <c>Cors:AllowedOrigins</c>.</summary>
internal sealed class Origins(OriginsOptions options)
{
    private readonly HashSet<string> _allowed =
        new(options.AllowedOrigins.Select(origin => origin.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether an <c>Origin</c> is a loopback one or allowed.</summary>
    public bool Allows(string origin) =>
        _allowed.Contains(origin)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && OwnNames.IsLoopback(uri.Host.Trim('[', ']'))
            && string.Equals(uri.GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether an <c>Origin</c> is the listener that is called.</summary>
    public static bool IsOwn(string origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
