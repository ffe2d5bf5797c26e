using System.Text;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>
/// Prometheus' names for instruments and tags, made by the rules that Prometheus' own OTLP receiver follows, so that
/// scraping and pushing give the same names. A unit that the name carries already is not appended again.
/// </summary>
internal static class MetricNames
{
    /// <summary>The metric's name with its unit, but without a counter's <c>_total</c>.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="unit">Its unit in UCUM, such as <c>s</c>, <c>By</c>, <c>{request}</c>; null for none.</param>
    /// <param name="kind">The metric's type.</param>
    public static string Family(string name, string? unit, MetricKind kind)
    {
        var tokens = Sanitize(name, allowColon: true).Split('_', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (kind is MetricKind.Counter)
        {
            tokens.RemoveAll(token => token == "total");
        }

        foreach (var word in UnitWords(unit, kind))
        {
            if (!tokens.Contains(word))
            {
                tokens.Add(word);
            }
        }

        var family = string.Join('_', tokens);
        return family.Length > 0 && !char.IsAsciiDigit(family[0]) ? family : "_" + family;
    }

    /// <summary>The suffix of <paramref name="family"/> that names its unit; null when there is none.</summary>
    public static string? UnitOf(string family, string? unit, MetricKind kind)
    {
        var suffix = string.Join('_', UnitWords(unit, kind));
        return suffix.Length > 0 && family.EndsWith("_" + suffix, StringComparison.Ordinal) ? suffix : null;
    }

    /// <summary>A tag's key as a label's name.</summary>
    public static string Label(string key)
    {
        var name = Sanitize(key, allowColon: false);
        return name.Length == 0 ? "_" : char.IsAsciiDigit(name[0]) ? "key_" + name : name;
    }

    private static string[] UnitWords(string? unit, MetricKind kind)
    {
        // Braces hold a remark, {request}, not a unit.
        if (string.IsNullOrEmpty(unit) || unit.Contains('{', StringComparison.Ordinal))
        {
            return [];
        }

        if (unit == "1")
        {
            return kind is MetricKind.Gauge ? ["ratio"] : [];
        }

        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        return slash < 0
            ? [Word(unit)]
            : [Word(unit[..slash]), "per", PerWord(unit[(slash + 1)..])];
    }

    private static string Word(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "Hz" => "hertz",
        "%" => "percent",
        _ => Sanitize(unit, allowColon: false).Trim('_'),
    };

    private static string PerWord(string unit) => unit switch
    {
        "s" => "second",
        "m" or "min" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => Word(unit),
    };

    private static string Sanitize(string text, bool allowColon)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(char.IsAsciiLetterOrDigit(c) || c == '_' || (allowColon && c == ':') ? c : '_');
        }

        return clean.ToString();
    }
}
