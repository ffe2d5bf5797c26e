using System.Globalization;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Reads what the runner uses from its control group, of either version, and from <c>/proc</c> where it has none of its own.</summary>
/// <param name="groups">Where control groups are mounted: <c>/sys/fs/cgroup</c>.</param>
/// <param name="proc">Where the kernel tells the machine's memory: <c>/proc</c>.</param>
/// <param name="time">The clock.</param>
internal sealed class ResourceUsage(string groups, string proc, TimeProvider time)
{
    /// <summary>What is measured over less says nothing.</summary>
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private (long At, double Seconds) _last = (time.GetTimestamp(), ProcessorSeconds(groups, proc));
    private double _percent;

    /// <summary>Of all processors together, 0 to 100, since the last call; since this was made at the first.</summary>
    public double ProcessorPercent()
    {
        lock (_gate)
        {
            var elapsed = time.GetElapsedTime(_last.At);
            if (elapsed >= LeastInterval)
            {
                var seconds = ProcessorSeconds(groups, proc);
                _percent = Math.Clamp((seconds - _last.Seconds) / elapsed.TotalSeconds / Environment.ProcessorCount * 100, 0, 100);
                _last = (time.GetTimestamp(), seconds);
            }

            return _percent;
        }
    }

    /// <summary>Memory in bytes: used is without the cache, which the kernel gives back when it is needed.</summary>
    public (long Total, long Used, long Cache) Memory()
    {
        var machine = Fields($"{proc}/meminfo").ToDictionary(field => field.Key, field => field.Value * 1024);
        var total = machine.GetValueOrDefault("MemTotal:");
        var (limit, current, statistics, cacheName) = File.Exists($"{groups}/memory.current")
            ? ($"{groups}/memory.max", $"{groups}/memory.current", $"{groups}/memory.stat", "file")
            : ($"{groups}/memory/memory.limit_in_bytes", $"{groups}/memory/memory.usage_in_bytes", $"{groups}/memory/memory.stat", "total_cache");
        if (Number(current) is not { } used)
        {
            // The root group tells nothing.
            return (total, total - machine.GetValueOrDefault("MemAvailable:"), machine.GetValueOrDefault("Cached:"));
        }

        var cache = Fields(statistics).FirstOrDefault(field => field.Key == cacheName).Value;
        // No limit is "max", or a number that no machine has.
        return (Math.Min(Number(limit) ?? long.MaxValue, total), Math.Max(used - cache, 0), cache);
    }

    private static double ProcessorSeconds(string groups, string proc)
    {
        var inGroup = Fields($"{groups}/cpu.stat").Where(field => field.Key == "usage_usec").Select(field => field.Value / 1e6)
            .Concat(Numbers($"{groups}/cpuacct/cpuacct.usage").Select(nanoseconds => nanoseconds / 1e9));
        return inGroup.FirstOrDefault(MachineSeconds(proc));
    }

    /// <summary>From <c>cpu  user nice system idle iowait irq softirq steal</c>, in hundredths of a second.</summary>
    private static double MachineSeconds(string proc)
    {
        var ticks = Lines($"{proc}/stat").FirstOrDefault()?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return ticks.Where((_, index) => index is 1 or 2 or 3 or 6 or 7).Sum(field => Parse(field) ?? 0) / 100.0;
    }

    private static IEnumerable<KeyValuePair<string, long>> Fields(string path) =>
        from line in Lines(path)
        let parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where parts.Length >= 2 && Parse(parts[1]) is not null
        select KeyValuePair.Create(parts[0], Parse(parts[1])!.Value);

    private static long? Number(string path) => Parse(Lines(path).FirstOrDefault());

    private static IEnumerable<long> Numbers(string path) => Number(path) is { } number ? [number] : [];

    private static long? Parse(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
