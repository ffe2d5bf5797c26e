using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>A file's metadata, as an upload's headers bring it: <c>X-Metadata-KEY: value</c>.</summary>
internal static class MetadataHeaders
{
    private const string Prefix = "X-Metadata-";
    private const int LongestKey = 246;
    private const int Limit = 4096;

    /// <returns>Values by lower-case key; null when there are none.</returns>
    /// <exception cref="FileException">Too long, or not printable ASCII.</exception>
    public static IReadOnlyDictionary<string, string>? Read(IHeaderDictionary headers)
    {
        Dictionary<string, string>? metadata = null;
        var size = 0;
        foreach (var (name, values) in headers)
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var (key, value) = (name[Prefix.Length..].ToLowerInvariant(), values.ToString());
            if (key.Length is 0 or > LongestKey)
            {
                throw Invalid($"a metadata key must have 1 to {LongestKey} bytes");
            }

            if (!IsPrintable(key) || !IsPrintable(value))
            {
                throw Invalid("metadata must be printable ASCII");
            }

            size += ExtendedAttributes.Prefix.Length + key.Length + value.Length;
            (metadata ??= new(StringComparer.Ordinal))[key] = value;
        }

        return size <= Limit ? metadata : throw Invalid($"metadata must be at most {Limit} bytes, with {ExtendedAttributes.Prefix.Length} more for each key");
    }

    private static bool IsPrintable(string text) => text.All(character => character is >= ' ' and <= '~');

    private static FileException Invalid(string message) => new(FileFailure.InvalidArgument, message);
}
