using System.Globalization;
using System.Text;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>Renders tags as the inside of a label list: <c>state="idle",template="session"</c>, sorted by name.</summary>
internal static class LabelSet
{
    /// <summary>The longest value, so that a caller's text can't grow the page.</summary>
    internal const int MaxValueLength = 256;

    public static string Render(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            var name = MetricNames.Label(key);
            var text = Text(value);
            // Two tags may map to one label: a.b and a_b.
            labels[name] = labels.TryGetValue(name, out var other) ? $"{other};{text}" : text;
        }

        var line = new StringBuilder();
        foreach (var (name, text) in labels)
        {
            if (line.Length > 0)
            {
                line.Append(',');
            }

            line.Append(name).Append("=\"");
            AppendEscaped(line, text.Length > MaxValueLength ? text[..MaxValueLength] : text);
            line.Append('"');
        }

        return line.ToString();
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool yes => yes ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static void AppendEscaped(StringBuilder line, string text)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\\' => line.Append(@"\\"),
                '"' => line.Append("\\\""),
                '\n' => line.Append(@"\n"),
                _ => line.Append(c),
            };
        }
    }
}
