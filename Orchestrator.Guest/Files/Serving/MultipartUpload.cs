using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Reads an upload in a form: each part called <c>file</c> is a file, and its filename is the whole path it is meant for. Readers of
/// forms commonly cut that to the last name; this one does not.</summary>
internal static class MultipartUpload
{
    private const string PartName = "file";
    private const int LongestBoundary = 70;
    private const int BufferSize = 64 * 1024;

    /// <summary>The form's boundary; null when the body is no form.</summary>
    /// <exception cref="FileException">The boundary is missing or too long.</exception>
    public static string? BoundaryOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is { Length: > 0 and <= LongestBoundary } boundary
            ? boundary
            : throw new FileException(FileFailure.InvalidArgument, $"a form must have a boundary of 1 to {LongestBoundary} characters");
    }

    /// <summary>The files, in order; the bytes of each have to be read before the next.</summary>
    /// <exception cref="FileException">It is no form, or ends early.</exception>
    public static async IAsyncEnumerable<(string Path, Stream Bytes)> ReadAsync(
        Stream body, string boundary, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(boundary, body, BufferSize);
        while (await NextAsync(reader, cancellationToken) is { } part)
        {
            if (ParameterOf(part.ContentDisposition, "name") == PartName)
            {
                yield return (PathOf(part.ContentDisposition), new Part(part.Body));
            }
        }
    }

    /// <summary>A parameter of a Content-Disposition, as browsers and the SDKs' clients write it: raw UTF-8 in quotes, in which a quote and
    /// line breaks are <c>%22</c>, <c>%0D</c>, <c>%0A</c> or come after a backslash.</summary>
    public static string? ParameterOf(string? disposition, string name)
    {
        for (var start = disposition?.IndexOf(';') ?? -1; start >= 0;)
        {
            var rest = disposition.AsSpan(start + 1);
            var equals = rest.IndexOf('=');
            if (equals < 0)
            {
                return null;
            }

            var isWanted = rest[..equals].Trim().Equals(name, StringComparison.OrdinalIgnoreCase);
            var value = new StringBuilder();
            var at = start + 1 + equals + 1;
            var isQuoted = at < disposition!.Length && disposition[at] == '"';
            for (at += isQuoted ? 1 : 0; at < disposition.Length && disposition[at] != (isQuoted ? '"' : ';'); at++)
            {
                at += isQuoted && disposition[at] == '\\' && at + 1 < disposition.Length && disposition[at + 1] is '"' or '\\' ? 1 : 0;
                value.Append(disposition[at]);
            }

            if (isWanted)
            {
                return value.Replace("%22", "\"").Replace("%0D", "\r").Replace("%0A", "\n").ToString();
            }

            start = at < disposition.Length ? disposition.IndexOf(';', at) : -1;
        }

        return null;
    }

    /// <summary>The filename; of the two forms of RFC 6266 the one that can say every character, where there is one.</summary>
    private static string PathOf(string? disposition)
    {
        const string Encoded = "UTF-8''";
        return ParameterOf(disposition, "filename*") is { } name && name.StartsWith(Encoded, StringComparison.OrdinalIgnoreCase)
            ? Uri.UnescapeDataString(name[Encoded.Length..])
            : ParameterOf(disposition, "filename") ?? "";
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadNextSectionAsync(cancellationToken);
        }
        catch (Exception error) when (IsMalformed(error))
        {
            throw Malformed(error);
        }
    }

    private static bool IsMalformed(Exception error) => error is InvalidDataException or (IOException and not BadHttpRequestException);

    private static FileException Malformed(Exception error) =>
        new(FileFailure.InvalidArgument, $"the form is malformed, or ends early: {error.Message}");

    /// <summary>A part's bytes, whose reader tells a broken form as any other I/O error.</summary>
    private sealed class Part(Stream part) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await part.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (IsMalformed(error))
            {
                throw Malformed(error);
            }
        }
    }
}
