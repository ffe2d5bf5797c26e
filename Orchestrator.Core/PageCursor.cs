using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Orchestrator.Core;

/// <summary>Where a page of a list ended; the next one begins after it. Callers pass it on as it is.</summary>
/// <param name="At">The last entry's place, in the list's own unit.</param>
/// <param name="Id">The last entry, which tells those of one place apart.</param>
public readonly record struct PageCursor(long At, string Id)
{
    private const int MaxLength = 160;

    /// <summary>Reads a cursor; false when it is malformed.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PageCursor cursor)
    {
        cursor = default;
        if (text is not { Length: <= MaxLength } || text.IndexOf('-', StringComparison.Ordinal) is not (> 0 and var dash)
            || !long.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            return false;
        }

        var id = text[(dash + 1)..];
        if (id.Length == 0 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            return false;
        }

        cursor = new PageCursor(at, id);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}-{Id}");
}
