using System.Text.RegularExpressions;

namespace Orchestrator.Tests.Documents;

/// <summary>Finds the documents that a repository's files name and link to.</summary>
/// <param name="root">The repository's folder.</param>
internal sealed partial class DocumentReferences(string root)
{
    private static readonly HashSet<string> Built = new(["bin", "obj", "artifacts", "node_modules", ".git", ".data", "TestResults"], StringComparer.Ordinal);

    // "" are scripts.
    private static readonly HashSet<string> Kinds = new(
        ["", ".cs", ".md", ".sh", ".yml", ".yaml", ".js", ".mjs", ".html", ".css", ".lua", ".sql", ".http", ".csproj", ".props", ".targets"],
        StringComparer.Ordinal);

    private readonly Dictionary<string, HashSet<string>> _anchors = new(StringComparer.Ordinal);

    /// <summary>Names of documents, in any file, that exist neither beside the file, nor in the root, nor in <c>docs</c>.</summary>
    public IEnumerable<string> MissingNames() =>
        from path in Files(new DirectoryInfo(root))
        where Kinds.Contains(Path.GetExtension(path))
        let text = Url().Replace(File.ReadAllText(path), "")
        from name in Name().Matches(text).Select(match => match.Value).Distinct(StringComparer.Ordinal)
        where !new[] { Path.GetDirectoryName(path)!, root, Path.Combine(root, "docs") }.Any(folder => Exists(folder, name))
        select $"{Relative(path)} names {name}";

    /// <summary>Links in documents, but for those to other sites, whose file or heading is missing.</summary>
    public IEnumerable<string> BrokenLinks() =>
        from path in Files(new DirectoryInfo(root))
        where Path.GetExtension(path) == ".md"
        let text = InlineCode().Replace(Fence().Replace(File.ReadAllText(path), ""), "")
        from target in Link().Matches(text).Select(match => match.Groups["target"].Value).Distinct(StringComparer.Ordinal)
        where !Scheme().IsMatch(target)
        where !Exists(Path.GetDirectoryName(path)!, target[0] == '#' ? Path.GetFileName(path) + target : target)
        select $"{Relative(path)} links {target}";

    private static IEnumerable<string> Files(DirectoryInfo folder) =>
        folder.EnumerateFiles().Select(file => file.FullName)
            .Concat(folder.EnumerateDirectories().Where(child => child.LinkTarget is null && !Built.Contains(child.Name)).SelectMany(Files));

    private bool Exists(string folder, string target)
    {
        var parts = target.Split('#', 2);
        var path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(parts[0])));
        return path.StartsWith(root, StringComparison.Ordinal)
            && (File.Exists(path) || Directory.Exists(path))
            && (parts.Length == 1 || AnchorsOf(path).Contains(parts[1]));
    }

    // As GitHub makes them: lower case, punctuation dropped, spaces to hyphens, repeated ones counted.
    private HashSet<string> AnchorsOf(string path)
    {
        if (_anchors.TryGetValue(path, out var anchors))
        {
            return anchors;
        }

        anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var heading in Heading().Matches(Fence().Replace(File.ReadAllText(path), "")).Select(match => match.Groups["text"].Value.Trim()))
        {
            var anchor = new string([.. heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c)]);
            var unique = anchor;
            for (var count = 1; !anchors.Add(unique); count++)
            {
                unique = $"{anchor}-{count}";
            }
        }

        return _anchors[path] = anchors;
    }

    private string Relative(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    [GeneratedRegex(@"\w+://\S+")]
    private static partial Regex Url();

    [GeneratedRegex(@"(?<![\w./-])[\w./-]*[\w-]\.md(?!\w)(#[\w-]+)?")]
    private static partial Regex Name();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)[^)]*\)|(?m)^\[[^\]]+\]:\s+(?<target>\S+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^(\w+:|//)")]
    private static partial Regex Scheme();

    [GeneratedRegex(@"(?ms)^\s*(```|~~~).*?^\s*\1")]
    private static partial Regex Fence();

    [GeneratedRegex(@"`[^`\n]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"(?m)^#{1,6}\s+(?<text>.*)$")]
    private static partial Regex Heading();
}
