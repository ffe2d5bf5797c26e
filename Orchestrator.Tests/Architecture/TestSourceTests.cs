using System.Text.RegularExpressions;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Architecture;

/// <summary>What the tests' own source keeps to.</summary>
public sealed partial class TestSourceTests
{
    private const int MostSleeps = 9;

    private static IEnumerable<(string File, string Before, string Line)> Lines { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "Orchestrator.Tests"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: file, Name: Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')))
            .Where(file => !file.Name.Contains("/obj/", StringComparison.Ordinal) && !file.Name.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => File.ReadAllLines(file.Path) is var lines
                ? lines.Select((line, i) => (file.Name, i == 0 ? "" : lines[i - 1].Trim(), line.Trim()))
                : []),
    ];

    [Fact]
    public void Sleeps_OfAFixedTime_AreFewAndEachHasItsReason()
    {
        string[] helpers = ["Eventually.cs", "Pace.cs", "TestSourceTests.cs"];
        var sleeps = Lines.Where(at => Sleep().IsMatch(at.Line) && !Comment().IsMatch(at.Line) && !helpers.Contains(Path.GetFileName(at.File))).ToList();

        Assert.InRange(sleeps.Count, 1, MostSleeps);
        Assert.All(sleeps, at => Assert.True(Comment().IsMatch(at.Before), $"{at.File} sleeps without a reason above it: {at.Line}"));
    }

    [Fact]
    public void Programs_OfTests_AreStartedInOnePlace() =>
        Assert.Equal(
            ["Orchestrator.Tests/Infrastructure/Subprocess.cs"],
            Lines.Where(at => ProcessStart().IsMatch(at.Line) && !at.File.EndsWith("TestSourceTests.cs", StringComparison.Ordinal)).Select(at => at.File).Distinct());

    // Not an endless one, which ends by its token, nor one by a clock of the test's own.
    [GeneratedRegex(@"\bTask\.Delay\((?!Timeout\.Infinite|.*_clock)|\bThread\.Sleep\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"(?<![\w.])Process\.Start\(|\bnew Process\b")]
    private static partial Regex ProcessStart();

    [GeneratedRegex("^//")]
    private static partial Regex Comment();
}
