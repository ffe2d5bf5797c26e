using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>The document's fault matrix is the one that runs.</summary>
public sealed class ReliabilityDocumentTests
{
    private static readonly string Document = Path.Combine(Repository.Root, "docs", "reliability.md");

    [Fact]
    public async Task Table_OfTheDocument_HasTheRowsThatExist()
    {
        var text = await File.ReadAllTextAsync(Document, TestContext.Current.CancellationToken);
        var (begin, end) = (text.IndexOf(FaultTable.Begin, StringComparison.Ordinal), text.IndexOf(FaultTable.End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, "The document has no marks around its fault matrix.");
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_WRITE_DOCS") == "1")
        {
            text = text[..begin] + FaultTable.Write(text[begin..end]) + text[(end + FaultTable.End.Length)..];
            await File.WriteAllTextAsync(Document, text, TestContext.Current.CancellationToken);
            end = text.IndexOf(FaultTable.End, StringComparison.Ordinal);
        }

        var rows = text[begin..end].Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();
        Assert.Equal(FaultTable.Lines.Count, rows.Count);
        Assert.All(FaultTable.Lines.Zip(rows), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void Rows_OfOneName_TellTheSame() => Assert.All(FaultTable.Rows, row => Assert.Single(
        row.Tests.Select(test => (FaultAttribute)Attribute.GetCustomAttribute(test, typeof(FaultAttribute))!).Select(f => (f.Part, f.What, f.Holds, f.On)).Distinct()));
}
