using Microsoft.Net.Http.Headers;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>A download's conditions and range, as RFC 9110 has them (sections 13 and 14).</summary>
internal static class Conditions
{
    /// <returns>304 or 412 when a condition of the call is not met; null when the file is to be sent.</returns>
    public static int? StatusOf(HttpRequest request, EntityTagHeaderValue tag, DateTime modified)
    {
        if (request.Headers.IfMatch is { Count: > 0 } wanted)
        {
            if (!Matches(wanted, tag, strong: true))
            {
                return StatusCodes.Status412PreconditionFailed;
            }
        }
        else if (TimeOf(request.Headers.IfUnmodifiedSince) < modified)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        var isUnchanged = request.Headers.IfNoneMatch is { Count: > 0 } known
            ? Matches(known, tag, strong: false)
            : TimeOf(request.Headers.IfModifiedSince) >= modified;
        return isUnchanged ? StatusCodes.Status304NotModified : null;
    }

    /// <summary>The part that is asked for.</summary>
    /// <returns>Null for the whole file: the header is malformed or asks for several parts, or the file is not the one the caller
    /// has a part of. A length of 0 when there is no such part.</returns>
    public static FileRange? RangeOf(HttpRequest request, long size, EntityTagHeaderValue tag, DateTime modified)
    {
        if (!IsStillThat(request.Headers.IfRange, tag, modified)
            || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header)
            || header is not { Ranges: { Count: 1 } ranges }
            || !header.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            || size == 0)
        {
            return null;
        }

        var range = ranges.First();
        if (range.From is not { } from)
        {
            // The last bytes.
            var last = Math.Min(range.To ?? 0, size);
            return new FileRange(size - last, last);
        }

        var to = Math.Min(range.To ?? long.MaxValue, size - 1);
        return from > to ? new FileRange(0, 0) : new FileRange(from, to - from + 1);
    }

    private static bool IsStillThat(Microsoft.Extensions.Primitives.StringValues header, EntityTagHeaderValue tag, DateTime modified) =>
        header.Count == 0
        || (EntityTagHeaderValue.TryParse(header.ToString(), out var known) ? tag.Compare(known, useStrongComparison: true) : TimeOf(header) == modified);

    private static bool Matches(Microsoft.Extensions.Primitives.StringValues header, EntityTagHeaderValue tag, bool strong) =>
        EntityTagHeaderValue.TryParseList(header, out var known)
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || tag.Compare(one, strong));

    private static DateTime? TimeOf(Microsoft.Extensions.Primitives.StringValues header) =>
        HeaderUtilities.TryParseDate(header.ToString(), out var time) ? time.UtcDateTime : null;
}
