using System.Collections.Concurrent;
using System.Reflection;

namespace Orchestrator.Api.Page;

/// <summary>
/// The files of <c>wwwroot</c>, embedded in the assembly: the page works from any working directory, and no path leads
/// out of it. Each file is read and compressed at its first request.
/// </summary>
internal static class PageFiles
{
    private const string Prefix = "wwwroot/";

    private static readonly Assembly Assembly = typeof(PageFiles).Assembly;
    private static readonly ConcurrentDictionary<string, PageFile> Read = new(StringComparer.Ordinal);

    /// <summary>The file at this path below <c>wwwroot</c>; null when there is none.</summary>
    public static PageFile? Find(string path)
    {
        if (Read.TryGetValue(path, out var known))
        {
            return known;
        }

        using var stream = Assembly.GetManifestResourceStream(Prefix + path);
        if (stream is null)
        {
            return null;
        }

        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return Read.GetOrAdd(path, PageFile.Of(path, content));
    }
}
