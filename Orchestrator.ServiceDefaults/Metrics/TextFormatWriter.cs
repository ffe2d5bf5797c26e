using System.Buffers;
using System.Globalization;
using System.Text;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>
/// Writes metrics in Prometheus' text format 0.0.4, or in OpenMetrics 1.0 for a scraper that prefers it. The two
/// differ in a counter's head, the unit and the end.
/// </summary>
internal sealed class TextFormatWriter(IBufferWriter<byte> output, bool openMetrics)
{
    public const string PrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";
    public const string OpenMetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public void Write(IEnumerable<MetricFamily> families)
    {
        foreach (var family in families)
        {
            if (family.Table.All is { Count: > 0 } series)
            {
                WriteFamily(family, series);
            }
        }
    }

    /// <summary>Writes the service's identity as a metric whose value is always 1.</summary>
    public void WriteTarget(string labels)
    {
        var name = openMetrics ? "target" : "target_info";
        Head(name, openMetrics ? "info" : "gauge", null, "The service that these metrics describe.");
        Sample("target_info", "", labels, null, "1");
    }

    /// <summary>Writes the end marker.</summary>
    public void WriteEnd()
    {
        if (openMetrics)
        {
            Text("# EOF\n");
        }
    }

    private void WriteFamily(MetricFamily family, IReadOnlyList<Series> all)
    {
        var name = openMetrics ? family.Name : family.SampleName;
        var type = family.Kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        };
        Head(name, type, family.Unit, family.Help);
        foreach (var series in all)
        {
            switch (series)
            {
                case HistogramSeries histogram:
                    WriteHistogram(family.Name, histogram);
                    break;
                case SumSeries sum:
                    Sample(family.SampleName, "", sum.Labels, null, Number(sum.Value));
                    break;
                case LastSeries last:
                    Sample(family.SampleName, "", last.Labels, null, Number(last.Value));
                    break;
            }
        }
    }

    private void WriteHistogram(string name, HistogramSeries histogram)
    {
        var sum = histogram.Sum;
        var count = 0L;
        for (var bucket = 0; bucket <= histogram.Bounds.Length; bucket++)
        {
            count += histogram.CountOf(bucket);
            var bound = bucket < histogram.Bounds.Length ? Bound(histogram.Bounds[bucket]) : "+Inf";
            Sample(name, "_bucket", histogram.Labels, bound, Number(count));
        }

        Sample(name, "_sum", histogram.Labels, null, Number(sum));
        Sample(name, "_count", histogram.Labels, null, Number(count));
    }

    private void Head(string name, string type, string? unit, string help)
    {
        if (help.Length > 0)
        {
            var escaped = help.Replace(@"\", @"\\", StringComparison.Ordinal).ReplaceLineEndings(@"\n");
            Text($"# HELP {name} {(openMetrics ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped)}\n");
        }

        Text($"# TYPE {name} {type}\n");
        if (openMetrics && unit is not null)
        {
            Text($"# UNIT {name} {unit}\n");
        }
    }

    private void Sample(string name, string suffix, string labels, string? bound, string value)
    {
        Text(name);
        Text(suffix);
        if (labels.Length > 0 || bound is not null)
        {
            Text("{");
            Text(labels);
            if (bound is not null)
            {
                Text(labels.Length > 0 ? ",le=\"" : "le=\"");
                Text(bound);
                Text("\"");
            }

            Text("}");
        }

        Text(" ");
        Text(value);
        Text("\n");
    }

    private void Text(string text) => Encoding.UTF8.GetBytes(text, output);

    // OpenMetrics writes a whole bound with a decimal point.
    private string Bound(double bound) =>
        openMetrics && double.IsInteger(bound) && Math.Abs(bound) < 1e15
            ? bound.ToString("0.0", CultureInfo.InvariantCulture)
            : Number(bound);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
