namespace Orchestrator.ServiceDefaults.Http;

/// <summary>The field names of an object, compared with the names that callers write.</summary>
public sealed class FieldNames
{
    private const int LongestShown = 64;
    private const int ShortestPart = 3;

    private readonly Dictionary<string, int> _plain = new(StringComparer.Ordinal);

    /// <param name="names">The names, no two of which are spellings of one another.</param>
    public FieldNames(IEnumerable<string> names)
    {
        All = [.. names];
        for (var index = 0; index < All.Count; index++)
        {
            _plain.Add(Plain(All[index]), index);
        }
    }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>Finds the name of which another one is a spelling: equal but for case, <c>_</c> and <c>-</c>.</summary>
    /// <returns>Its place in <see cref="All"/>; −1 when there is none.</returns>
    public int FindSpelling(string name) => _plain.GetValueOrDefault(Plain(name), -1);

    /// <summary>The refusal of an unknown field: <c>FIELD_UNKNOWN</c>, with the name that was probably meant.</summary>
    /// <param name="parent">The path of the object that has it, with a dot at its end; empty for the body itself.</param>
    /// <param name="name">The field.</param>
    public InvalidInputException Unknown(string parent, string name) => new(
        "FIELD_UNKNOWN",
        $"{parent}{Shown(name)} is unknown{(FindNear(name) is { } near ? $"; did you mean {parent}{near}?" : ".")}");

    /// <summary>Truncates a caller's field name for a message.</summary>
    internal static string Shown(string name) => name.Length <= LongestShown ? name : name[..LongestShown] + "…";

    private string? FindNear(string name)
    {
        var plain = Plain(name);
        if (plain.Length is 0 or > LongestShown)
        {
            return null;
        }

        var (nearest, fewest) = (-1, int.MaxValue);
        foreach (var (known, index) in _plain)
        {
            var edits = IsPart(known, plain) ? 0 : CountEdits(known, plain);
            if (edits < fewest && edits <= Math.Max(known.Length, plain.Length) / 3)
            {
                (nearest, fewest) = (index, edits);
            }
        }

        return nearest < 0 ? null : All[nearest];
    }

    private static bool IsPart(string one, string other) =>
        Math.Min(one.Length, other.Length) >= ShortestPart
        && (one.Contains(other, StringComparison.Ordinal) || other.Contains(one, StringComparison.Ordinal));

    // The Levenshtein distance, in one row.
    private static int CountEdits(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    private static string Plain(string name) => string.Concat(name.Where(c => c is not ('_' or '-'))).ToUpperInvariant();
}
