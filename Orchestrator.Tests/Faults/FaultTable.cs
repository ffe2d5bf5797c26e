using System.Reflection;
using System.Text;

namespace Orchestrator.Tests.Faults;

/// <summary>The matrix as it stands in the code, and as the document shows it.</summary>
internal static class FaultTable
{
    public const string Begin = "<!-- fault matrix: made by ReliabilityDocumentTests with ORCHESTRATOR_WRITE_DOCS=1 -->";
    public const string End = "<!-- end of the fault matrix -->";

    private static readonly string[] Parts = ["API", "worker", "engine", "store", "clock", "container", "load", "anything"];

    /// <summary>Every row, by part and name.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        .. typeof(FaultTable).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Select(method => (Method: method, Fault: method.GetCustomAttribute<FaultAttribute>()))
            .Where(found => found.Fault is not null)
            .GroupBy(found => found.Fault!.Row)
            .Select(row => new Row(row.First().Fault!, [.. row.Select(found => found.Method)]))
            .OrderBy(row => Array.IndexOf(Parts, row.Fault.Part)).ThenBy(row => row.Fault.Row, StringComparer.Ordinal),
    ];

    /// <summary>The table without outcomes: what has to be the same in the document.</summary>
    public static IReadOnlyList<string> Lines { get; } = [.. Rows.Select(row => row.Line)];

    /// <summary>The whole part of the document between the two marks.</summary>
    /// <param name="before">The part as it was: a row that has not run since keeps its last outcome.</param>
    public static string Write(string before)
    {
        var last = before.Split('\n').Select(line => line.Split(" | ")).Where(cells => cells.Length == 7)
            .ToDictionary(cells => cells[0].TrimStart('|', ' '), cells => cells[^1].TrimEnd('|', ' ', '\r'));
        var text = new StringBuilder();
        text.AppendLine(Begin).AppendLine();
        text.AppendLine("| row | part | fault | what holds | on | tests | last run |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (var row in Rows)
        {
            var outcome = FaultResults.Read(row.Fault.Row) switch
            {
                null => last.GetValueOrDefault(row.Fault.Row, "not run"),
                { Failed: 0 } good => $"{good.Passed} passed",
                { } bad => $"**{bad.Failed} failed**, {bad.Passed} passed",
            };
            text.AppendLine($"{row.Line} {outcome} |");
        }

        return text.AppendLine().Append(End).ToString();
    }

    internal sealed record Row(FaultAttribute Fault, IReadOnlyList<MethodInfo> Tests)
    {
        public string Line =>
            $"| {Fault.Row} | {Fault.Part} | {Fault.What} | {Fault.Holds} | {Fault.On} | {string.Join("<br>", Tests.Select(t => $"`{t.DeclaringType!.Name}.{t.Name}`"))} |";
    }
}
