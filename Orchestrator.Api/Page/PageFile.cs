using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Api.Page;

/// <summary>A file of the page as it is sent: plain, or compressed where the browser accepts that.</summary>
/// <param name="Name">Its path below <c>wwwroot</c>.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Plain">Its bytes.</param>
/// <param name="Compressed">The same as gzip.</param>
/// <param name="Tag">This version's <c>ETag</c>, quoted.</param>
internal sealed record PageFile(string Name, string ContentType, byte[] Plain, byte[] Compressed, string Tag)
{
    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain; charset=utf-8",
    };

    /// <summary>Prepares a file for sending.</summary>
    public static PageFile Of(string name, byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
        {
            gzip.Write(content);
        }

        return new PageFile(
            name, ContentTypes[Path.GetExtension(name)], content, compressed.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(content), 0, 12)}\"");
    }

    /// <summary>The same file with a text of it replaced.</summary>
    public PageFile With(string text, string replacement) =>
        Of(Name, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Plain).Replace(text, replacement, StringComparison.Ordinal)));
}
