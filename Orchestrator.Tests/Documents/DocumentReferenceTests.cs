using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Documents;

/// <summary>Every document that the repository names exists, and every link between documents leads somewhere.</summary>
public sealed class DocumentReferenceTests
{
    // Composed, so that this file does not name the documents of its examples.
    private const string Md = ".md";

    // The specification is kept to the letter, and names two documents that are not in the repository: what the first one
    // says stands in docs/architecture.md, the second one comes with what it describes.
    private static readonly string[] NamedAhead =
    [
        $"docs/contract/kubernetes{Md} names design{Md}",
        $"docs/contract/sandbox{Md} names docs/e2b{Md}",
    ];

    [Fact]
    public void Names_OfDocumentsInAnyFile_AreOfFilesThatExist() =>
        Assert.Equal(NamedAhead, new DocumentReferences(Repository.Root).MissingNames().Order(StringComparer.Ordinal));

    [Fact]
    public void Links_BetweenDocuments_LeadToFilesAndHeadingsThatExist() =>
        Assert.Empty(new DocumentReferences(Repository.Root).BrokenLinks());

    [Fact]
    public void Names_OfAFileThatIsGone_AreFound()
    {
        using var folder = new TemporaryFolder();
        Write(folder, $"docs/there{Md}", "# There");
        Write(folder, "a.cs", $"// See there{Md} and docs/there{Md}#there, but https://example.com/away{Md} is somebody else's.");
        Write(folder, "b.yml", $"runbook: docs/gone{Md}");
        Write(folder, $"docs/c{Md}", $"As `there{Md}#gone` says.");

        Assert.Equal(
            [$"b.yml names docs/gone{Md}", $"docs/c{Md} names there{Md}#gone"],
            new DocumentReferences(folder.Path).MissingNames().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_ToAMissingFileOrHeading_AreFound()
    {
        using var folder = new TemporaryFolder();
        Write(folder, $"README{Md}", $"""
            # One house, `two` listeners

            [a](#one-house-two-listeners) [b](docs/there{Md}#twice-1) [c](docs) [d](https://example.com/x) ![e](docs/gone.png)
            [f](docs/there{Md}#thrice) [g](#nowhere)

            ```
            [h](in/a/fence.txt)
            ```
            """);
        Write(folder, $"docs/there{Md}", $"# Twice\n\n## Twice\n\n[up](../README{Md}) [out](../../out{Md})\n");

        Assert.Equal(
            [$"README{Md} links #nowhere", $"README{Md} links docs/gone.png", $"README{Md} links docs/there{Md}#thrice", $"docs/there{Md} links ../../out{Md}"],
            new DocumentReferences(folder.Path).BrokenLinks().Order(StringComparer.Ordinal));
    }

    private static void Write(TemporaryFolder folder, string name, string text)
    {
        var path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
