using System.Diagnostics.Metrics;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>Upper bounds of histograms: an instrument's own advice, else chosen by its unit or name.</summary>
internal static class BucketBounds
{
    /// <summary>From half a millisecond, a warm claim, to two minutes, a hard start.</summary>
    public static readonly double[] Seconds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    private static readonly double[] Bytes =
        [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456];

    private static readonly double[] Plain = [0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

    public static double[] For(Instrument instrument) => Advised(instrument) ?? (instrument.Unit ?? UnitInName(instrument.Name)) switch
    {
        "s" => Seconds,
        "ms" => [.. Seconds.Select(bound => bound * 1_000)],
        "By" => Bytes,
        _ => Plain,
    };

    /// <summary>The bounds that the instrument advises; null when there are none.</summary>
    public static double[]? Advised(Instrument instrument) => instrument switch
    {
        Histogram<double> h => Of(h.Advice),
        Histogram<long> h => Of(h.Advice),
        Histogram<int> h => Of(h.Advice),
        Histogram<float> h => Of(h.Advice),
        Histogram<short> h => Of(h.Advice),
        Histogram<byte> h => Of(h.Advice),
        Histogram<decimal> h => Of(h.Advice),
        _ => null,
    };

    private static string? UnitInName(string name) =>
        name.EndsWith("_seconds", StringComparison.Ordinal) ? "s" : name.EndsWith("_bytes", StringComparison.Ordinal) ? "By" : null;

    private static double[]? Of<T>(InstrumentAdvice<T>? advice)
        where T : struct
    {
        if (advice?.HistogramBucketBoundaries is not { Count: > 0 } bounds)
        {
            return null;
        }

        return [.. bounds.Select(bound => Convert.ToDouble(bound, System.Globalization.CultureInfo.InvariantCulture)).Distinct().Order()];
    }
}
