using System.Text.Json;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>What became of the matrix' rows in the last run of each: one file a row under <c>artifacts/faults</c>.</summary>
internal static class FaultResults
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Outcome> Rows = new(StringComparer.Ordinal);

    public static string Folder { get; } = Path.Combine(Repository.Root, "artifacts", "faults");

    /// <summary>Adds one test's end to its row's, and writes that down.</summary>
    public static void Add(string row, string test, TestResult? result)
    {
        if (result is TestResult.Skipped or TestResult.NotRun)
        {
            return;
        }

        lock (Gate)
        {
            var so = Rows.GetValueOrDefault(row, new Outcome(row, 0, 0, []));
            so = result == TestResult.Passed ? so with { Passed = so.Passed + 1 } : so with { Failed = so.Failed + 1, Failures = [.. so.Failures, test] };
            Rows[row] = so;
            Directory.CreateDirectory(Folder);
            File.WriteAllText(Path.Combine(Folder, $"{row}.json"), JsonSerializer.Serialize(so));
        }
    }

    /// <summary>A row's last outcome; null when it never ran here.</summary>
    public static Outcome? Read(string row)
    {
        var file = Path.Combine(Folder, $"{row}.json");
        return File.Exists(file) ? JsonSerializer.Deserialize<Outcome>(File.ReadAllText(file)) : null;
    }

    internal sealed record Outcome(string Row, int Passed, int Failed, IReadOnlyList<string> Failures);
}
