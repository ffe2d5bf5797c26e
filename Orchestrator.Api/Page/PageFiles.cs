using System.Collections.Concurrent;
using System.Reflection;

namespace Orchestrator.Api.Page;

/// <summary>
/// The files of <c>wwwroot</c>, which travel inside the assembly: the page is there whatever folder the process was
/// started in, and no path leads out of it. Each is read and compressed when it is first asked for.
/// </summary>
internal static class PageFiles
{
    private const string Prefix = "wwwroot/";

    private static readonly Assembly Assembly = typeof(PageFiles).Assembly;
    private static readonly ConcurrentDictionary<string, PageFile> Read = new(StringComparer.Ordinal);

    /// <summary>The file of that path below <c>wwwroot</c>; null when there is none.</summary>
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
