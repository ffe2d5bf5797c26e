using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Benchmarks.Measuring;

/// <summary>Prints comparisons as they arrive and keeps them for the JSON file.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly List<(string Benchmark, Comparison Comparison)> _comparisons = [];

    /// <summary>The running benchmark: the word on the command line.</summary>
    public string Benchmark { get; set; } = "";

    public void AddAll(IEnumerable<Comparison> comparisons)
    {
        foreach (var comparison in comparisons)
        {
            Add(comparison);
        }
    }

    public void Add(Comparison comparison)
    {
        _comparisons.Add((Benchmark, comparison));
        Console.WriteLine();
        Console.WriteLine(comparison.Title);
        Console.WriteLine($"  {"",-48} {"n",6} {"p50",10} {"p95",10} {"p99",10} {"ours/this",10}  {comparison.Unit}");
        Print("ours", comparison.Ours, null);
        Print("floor", comparison.Floor, comparison);
        Print("peer", comparison.Peer, comparison);
        foreach (var verdict in comparison.Verdicts())
        {
            var what = verdict.Beside == "itself" ? $"p{verdict.Goal.Percent:F0}" : $"ratio of p{verdict.Goal.Percent:F0} to the {verdict.Beside}";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {what}: {verdict.Value:G4} (goal: at most {verdict.Goal.AtMost:G4}; {(verdict.Reached ? "reached" : "not reached")})"));
        }
    }

    public async Task WriteJsonAsync(string file)
    {
        var rows = _comparisons.Select(row => new
        {
            row.Benchmark,
            row.Comparison.Title,
            row.Comparison.Unit,
            Ours = Figures(row.Comparison.Ours),
            Floor = Figures(row.Comparison.Floor),
            Peer = Figures(row.Comparison.Peer),
            Goals = row.Comparison.Verdicts().Select(v => new { v.Beside, Of = $"p{v.Goal.Percent:F0}", v.Value, v.Goal.AtMost, v.Reached }),
        });
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { Machine = $"{Environment.ProcessorCount} processors, {Environment.OSVersion}", Rows = rows }, Indented));
    }

    /// <summary>Writes the figures into a document.</summary>
    public Task WriteDocumentAsync(string file) => FigureTable.WriteAsync(file, _comparisons);

    private static void Print(string who, Samples? samples, Comparison? of)
    {
        if (samples is null)
        {
            return;
        }

        var ratio = of is null ? "" : (of.Ours.Percentile(50) / samples.Percentile(50)).ToString("G3", CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {who + ": " + samples.Name,-48} {samples.Count,6} {samples.Percentile(50),10:F3} {samples.Percentile(95),10:F3} {samples.Percentile(99),10:F3} {ratio,10}"));
    }

    private static object? Figures(Samples? samples) => samples is null ? null : new
    {
        samples.Name,
        samples.Count,
        P50 = samples.Percentile(50),
        P95 = samples.Percentile(95),
        P99 = samples.Percentile(99),
    };
}
