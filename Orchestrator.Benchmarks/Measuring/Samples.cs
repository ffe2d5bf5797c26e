namespace Orchestrator.Benchmarks.Measuring;

/// <summary>Untrimmed samples of one measurement, in milliseconds unless its comparison names another unit.</summary>
internal sealed class Samples(string name)
{
    private readonly List<double> _milliseconds = [];
    private double[]? _sorted;

    public string Name => name;

    public int Count
    {
        get
        {
            lock (_milliseconds)
            {
                return _milliseconds.Count;
            }
        }
    }

    public void Add(TimeSpan duration) => Add(duration.TotalMilliseconds);

    public void Add(double milliseconds)
    {
        lock (_milliseconds)
        {
            _milliseconds.Add(milliseconds);
            _sorted = null;
        }
    }

    /// <summary>Every sample, in order of arrival.</summary>
    public IReadOnlyList<double> All()
    {
        lock (_milliseconds)
        {
            return [.. _milliseconds];
        }
    }

    /// <summary>The nearest-rank percentile, <paramref name="percent"/> in 0 to 100.</summary>
    public double Percentile(double percent)
    {
        lock (_milliseconds)
        {
            _sorted ??= [.. _milliseconds.Order()];
            return _sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * _sorted.Length) - 1, 0, _sorted.Length - 1)];
        }
    }
}
