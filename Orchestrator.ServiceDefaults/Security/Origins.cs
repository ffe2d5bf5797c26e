using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// The pages that may call: those in <c>Cors:AllowedOrigins</c>, and those of this machine, but for those on untrusted ports.
/// </summary>
internal sealed class Origins(OriginsOptions options, IEnumerable<IUntrustedPorts> untrusted)
{
    private readonly IUntrustedPorts[] _untrusted = [.. untrusted];
    private readonly HashSet<string> _listed =
        new(options.AllowedOrigins.Select(origin => origin.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether an <c>Origin</c> is in <c>Cors:AllowedOrigins</c>.</summary>
    public bool Lists(string origin) => _listed.Contains(origin);

    /// <summary>Whether an <c>Origin</c> is listed, or a loopback one whose port is not untrusted.</summary>
    public async ValueTask<bool> AllowsAsync(string origin, CancellationToken cancellationToken)
    {
        if (Lists(origin))
        {
            return true;
        }

        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https")
            || !OwnNames.IsLoopback(uri.Host.Trim('[', ']'))
            || !string.Equals(uri.GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        foreach (var ports in _untrusted)
        {
            if (await ports.ContainsAsync(uri.Port, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an <c>Origin</c> is the listener that is called.</summary>
    public static bool IsOwn(string origin, HttpRequest request) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
