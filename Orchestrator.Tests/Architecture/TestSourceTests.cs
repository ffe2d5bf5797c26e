using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Architecture;

/// <summary>What the tests' own source keeps to.</summary>
public sealed partial class TestSourceTests
{
    private static IEnumerable<(string File, string Line)> Lines { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "Orchestrator.Tests"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')))
            .Where(file => !file.Name.Contains("/obj/", StringComparison.Ordinal) && !file.Name.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => File.ReadAllLines(file.Path).Select(line => (file.Name, line.Trim()))),
    ];

    [Fact]
    public void Programs_OfTests_AreStartedInOnePlace() =>
        Assert.Equal(
            ["Orchestrator.Tests/Infrastructure/Subprocess.cs"],
            Lines.Where(at => ProcessStart().IsMatch(at.Line) && !at.File.EndsWith("TestSourceTests.cs", StringComparison.Ordinal)).Select(at => at.File).Distinct());

    [GeneratedRegex(@"(?<![\w.])Process\.Start\(|\bnew Process\b")]
    private static partial Regex ProcessStart();
}
