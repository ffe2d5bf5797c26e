using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Orchestrator.Core;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Containers' names. A runner of the pool is named by its id; an owned one
/// <c>&lt;runner id&gt;.&lt;kind&gt;.&lt;escaped owner id&gt;</c>, as <c>runner-1766000000000-a1b2c3d4e.session.user_c42</c>
/// for session <c>user:42</c>; a tenant other than the default one follows the kind, as in
/// <c>….session-acme.user_c42</c>. Labels can't change after creation, names can.
/// </summary>
/// <remarks>
/// Engines accept <c>A-Z a-z 0-9 _ . -</c> in names. The underscore escapes: <c>__</c> is itself, <c>_c</c> a colon,
/// <c>_uXXXX</c> any other UTF-16 unit. Kinds hold no <c>-</c> and tenants no dot, so every part ends at the first one.
/// </remarks>
internal static class DockerNames
{
    /// <summary>The name of a runner's container.</summary>
    public static string Of(string runnerId, Owner? owner) => owner is { } o && KindName(o.Kind) is { } kind
        ? $"{runnerId}.{kind}{(o.Tenant == Tenant.Default ? "" : $"-{o.Tenant}")}.{Escape(o.Id)}"
        : runnerId;

    /// <summary>The owner in a container's name; null when there is none.</summary>
    /// <param name="name">The name, with or without the engine's leading slash.</param>
    /// <param name="runnerId">The runner's id, from its label.</param>
    public static Owner? OwnerIn(string name, string runnerId)
    {
        var rest = name.AsSpan().TrimStart('/');
        if (!rest.StartsWith(runnerId, StringComparison.Ordinal) || rest.Length == runnerId.Length || rest[runnerId.Length] != '.')
        {
            return null;
        }

        rest = rest[(runnerId.Length + 1)..];
        var dot = rest.IndexOf('.');
        if (dot < 0)
        {
            return null;
        }

        var dash = rest[..dot].IndexOf('-');
        var tenant = Tenant.Default;
        return KindOf(rest[..(dash < 0 ? dot : dash)]) is { } kind
            && (dash < 0 || Tenant.TryParse(rest[(dash + 1)..dot].ToString(), out tenant))
            && TryUnescape(rest[(dot + 1)..], out var id)
                ? new Owner(tenant, kind, id)
                : null;
    }

    private static string? KindName(OwnerKind kind) => kind switch
    {
        OwnerKind.Session => "session",
        OwnerKind.Machine => "machine",
        OwnerKind.Task => "task",
        _ => null,
    };

    private static OwnerKind? KindOf(ReadOnlySpan<char> name) => name switch
    {
        "session" => OwnerKind.Session,
        "machine" => OwnerKind.Machine,
        "task" => OwnerKind.Task,
        _ => null,
    };

    private static string Escape(string id)
    {
        var escaped = new StringBuilder(id.Length + 8);
        foreach (var c in id)
        {
            _ = c switch
            {
                '_' => escaped.Append("__"),
                ':' => escaped.Append("_c"),
                _ when char.IsAsciiLetterOrDigit(c) || c is '.' or '-' => escaped.Append(c),
                _ => escaped.Append(CultureInfo.InvariantCulture, $"_u{(int)c:x4}"),
            };
        }

        return escaped.ToString();
    }

    private static bool TryUnescape(ReadOnlySpan<char> escaped, [NotNullWhen(true)] out string? id)
    {
        id = null;
        var plain = new StringBuilder(escaped.Length);
        while (escaped.Length > 0)
        {
            var (taken, c) = escaped switch
            {
                ['_', '_', ..] => (2, '_'),
                ['_', 'c', ..] => (2, ':'),
                ['_', 'u', ..] when escaped.Length >= 6
                    && ushort.TryParse(escaped[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
                    => (6, (char)unit),
                ['_', ..] => (0, '_'),
                _ => (1, escaped[0]),
            };
            if (taken == 0)
            {
                return false;
            }

            plain.Append(c);
            escaped = escaped[taken..];
        }

        id = plain.ToString();
        return id.Length > 0;
    }
}
