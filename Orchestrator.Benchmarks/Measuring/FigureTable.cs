using System.Globalization;
using System.Text;

namespace Orchestrator.Benchmarks.Measuring;

/// <summary>Writes a run's figures as tables into the document on performance, each between the two marks of its benchmark.</summary>
internal static class FigureTable
{
    /// <summary>Replaces the tables of the benchmarks that ran; the others stay.</summary>
    /// <exception cref="InvalidOperationException">The document has no marks for one of them.</exception>
    public static async Task WriteAsync(string file, IEnumerable<(string Benchmark, Comparison Comparison)> comparisons)
    {
        var text = await File.ReadAllTextAsync(file);
        foreach (var run in comparisons.GroupBy(one => one.Benchmark, one => one.Comparison))
        {
            var (beginMark, endMark) = ($"<!-- figures: {run.Key} -->", $"<!-- end of figures: {run.Key} -->");
            var (begin, end) = (text.IndexOf(beginMark, StringComparison.Ordinal), text.IndexOf(endMark, StringComparison.Ordinal));
            if (begin < 0 || end < begin)
            {
                throw new InvalidOperationException($"{file} has no marks between which the figures of {run.Key} go.");
            }

            text = text[..(begin + beginMark.Length)] + Table(run) + text[end..];
        }

        await File.WriteAllTextAsync(file, text);
    }

    private static string Table(IEnumerable<Comparison> comparisons)
    {
        var table = new StringBuilder();
        table.AppendLine().AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors, {DateTime.UtcNow:yyyy-MM-dd}.").AppendLine();
        if (comparisons.All(comparison => comparison.OfPart))
        {
            return Parts(table, comparisons).AppendLine().ToString();
        }

        table.AppendLine("| | | unit | n | p50 | p95 | p99 | goal |");
        table.AppendLine("|---|---|---|---:|---:|---:|---:|---|");
        foreach (var comparison in comparisons)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"| | **{comparison.Title}** | {comparison.Unit} | | | | | {Goals(comparison)} |");
            Line("ours", comparison.Ours);
            Line("floor", comparison.Floor);
            Line("peer", comparison.Peer);
        }

        return table.AppendLine().ToString();

        void Line(string who, Samples? samples)
        {
            if (samples is not null)
            {
                table.AppendLine(CultureInfo.InvariantCulture,
                    $"| {who} | {samples.Name} | | {samples.Count} | {samples.Percentile(50):G4} | {samples.Percentile(95):G4} | {samples.Percentile(99):G4} | |");
            }
        }
    }

    // Medians: they decide whether a part stays, not how it behaves at its worst.
    private static StringBuilder Parts(StringBuilder table, IEnumerable<Comparison> comparisons)
    {
        table.AppendLine("| what | unit | n | ours | the library's | ratio |");
        table.AppendLine("|---|---|---:|---|---|---:|");
        foreach (var (title, ours, unit, library) in comparisons.Select(one => (one.Title, one.Ours, one.Unit, one.Peer!)))
        {
            var (mine, other) = (ours.Percentile(50), library.Percentile(50));
            var ratio = other == 0 ? (mine == 0 ? "1" : "") : (mine / other).ToString("G3", CultureInfo.InvariantCulture);
            table.AppendLine(CultureInfo.InvariantCulture,
                $"| {title} | {unit} | {ours.Count} | {ours.Name}: {mine:G4} | {library.Name}: {other:G4} | {ratio} |");
        }

        return table;
    }

    private static string Goals(Comparison comparison) => string.Join("<br>", comparison.Verdicts().Select(v => string.Create(CultureInfo.InvariantCulture,
        $"{(v.Beside == "itself" ? $"p{v.Goal.Percent:F0}" : $"p{v.Goal.Percent:F0} ÷ {v.Beside}")} {v.Value:G3}, at most {v.Goal.AtMost:G3}: {(v.Reached ? "reached" : "**not reached**")}")));
}
