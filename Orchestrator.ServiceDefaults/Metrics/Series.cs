namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>One line, or for a histogram one block of lines, of a metric. Recording never locks and never allocates.</summary>
internal abstract class Series(string labels)
{
    /// <summary>The inside of its label list.</summary>
    public string Labels { get; } = labels;

    public abstract void Record(double value);

    protected static void Add(ref double location, double value)
    {
        var seen = Volatile.Read(ref location);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref location, seen + value, seen);
            if (before.Equals(seen))
            {
                return;
            }

            seen = before;
        }
    }
}

/// <summary>The sum of a counter.</summary>
internal sealed class SumSeries(string labels) : Series(labels)
{
    private double _sum;

    public double Value => Volatile.Read(ref _sum);

    public override void Record(double value) => Add(ref _sum, value);
}

/// <summary>The last value of a gauge or an observable instrument.</summary>
internal sealed class LastSeries(string labels) : Series(labels)
{
    private double _value;

    public double Value => Volatile.Read(ref _value);

    public override void Record(double value) => Volatile.Write(ref _value, value);
}

/// <summary>The bucket counts of a histogram.</summary>
internal sealed class HistogramSeries(string labels, double[] bounds) : Series(labels)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public double[] Bounds { get; } = bounds;

    public double Sum => Volatile.Read(ref _sum);

    public long CountOf(int bucket) => Volatile.Read(ref _counts[bucket]);

    public override void Record(double value)
    {
        // A NaN would poison the sum permanently.
        if (double.IsNaN(value))
        {
            return;
        }

        Interlocked.Increment(ref _counts[BucketOf(value)]);
        Add(ref _sum, value);
    }

    private int BucketOf(double value)
    {
        var at = Array.BinarySearch(Bounds, value);
        return at >= 0 ? at : ~at;
    }
}
