using System.Globalization;
using Orchestrator.Core;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api;

/// <summary>Reads the query of a list in pages.</summary>
internal static class Paging
{
    /// <summary>The longest page.</summary>
    public const int MaxLimit = 1_000;

    /// <summary>How many entries a page holds at most.</summary>
    /// <exception cref="InvalidInputException">It is no number in range.</exception>
    public static int ReadLimit(string? limit, int otherwise) => limit switch
    {
        null or "" => otherwise,
        _ when int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MaxLimit => number,
        _ => throw InvalidInputException.Field("limit", $"must be from 1 to {MaxLimit}."),
    };

    /// <summary>Where the page before ended; null for the first page.</summary>
    /// <exception cref="InvalidInputException">It was never a list's <c>next</c>.</exception>
    public static PageCursor? ReadCursor(string? cursor) =>
        string.IsNullOrEmpty(cursor) ? null
        : PageCursor.TryParse(cursor, out var read) ? read
        : throw InvalidInputException.Field("cursor", "must be the next of an earlier page.");
}
