using Tags = System.ReadOnlySpan<System.Collections.Generic.KeyValuePair<string, object?>>;

namespace Orchestrator.ServiceDefaults.Metrics;

/// <summary>
/// A metric's series by their tags, in any order. Finding one neither locks nor allocates; a new one is
/// created under a lock. Past <c>limit</c> tag combinations, new ones share one series labelled
/// <c>otel_metric_overflow="true"</c>, so that no caller can grow the process by inventing tags.
/// </summary>
internal sealed class SeriesTable(Func<string, Series> create, int limit)
{
    internal const string OverflowLabels = "otel_metric_overflow=\"true\"";

    private readonly Lock _growing = new();
    private readonly Dictionary<string, Series> _byLabels = new(StringComparer.Ordinal);
    private Node?[] _slots = new Node?[16];
    private Series? _untagged;
    private Series? _overflow;
    private Series[] _all = [];
    private int _known;

    /// <summary>Every series, in the order of its first measurement.</summary>
    public IReadOnlyList<Series> All => Volatile.Read(ref _all);

    /// <summary>True when a tag combination has been folded into the overflow series.</summary>
    public bool Overflowed => Volatile.Read(ref _overflow) is not null;

    public Series Get(Tags tags)
    {
        if (tags.IsEmpty)
        {
            return Volatile.Read(ref _untagged) ?? AddUntagged();
        }

        var hash = HashOf(tags);
        var slots = Volatile.Read(ref _slots);
        return Find(slots, hash, tags) ?? Volatile.Read(ref _overflow) ?? Add(hash, tags);
    }

    private static Series? Find(Node?[] slots, int hash, Tags tags)
    {
        for (var node = Volatile.Read(ref slots[hash & (slots.Length - 1)]); node is not null; node = node.Next)
        {
            if (node.Hash == hash && SameTags(node.Tags, tags))
            {
                return node.Series;
            }
        }

        return null;
    }

    private Series AddUntagged()
    {
        lock (_growing)
        {
            return _untagged ??= Make("");
        }
    }

    private Series Add(int hash, Tags tags)
    {
        lock (_growing)
        {
            if (Find(_slots, hash, tags) is { } made)
            {
                return made;
            }

            if (_known >= limit)
            {
                return _overflow = Make(OverflowLabels);
            }

            if (++_known > _slots.Length)
            {
                Grow();
            }
            // Different tags may render alike, 200 and "200": they share a series.
            var node = new Node(hash, tags.ToArray(), Make(LabelSet.Render(tags)));
            Link(_slots, node);
            return node.Series;
        }
    }

    private Series Make(string labels)
    {
        if (_byLabels.TryGetValue(labels, out var series))
        {
            return series;
        }

        series = create(labels);
        _byLabels.Add(labels, series);
        Volatile.Write(ref _all, [.. _all, series]);
        return series;
    }

    private void Grow()
    {
        var larger = new Node?[_slots.Length * 2];
        foreach (var head in _slots)
        {
            for (var node = head; node is not null; node = node.Next)
            {
                Link(larger, new Node(node.Hash, node.Tags, node.Series));
            }
        }

        Volatile.Write(ref _slots, larger);
    }

    private static void Link(Node?[] slots, Node node)
    {
        ref var head = ref slots[node.Hash & (slots.Length - 1)];
        node.Next = head;
        Volatile.Write(ref head, node);
    }

    private static int HashOf(Tags tags)
    {
        var hash = 0;
        foreach (var (key, value) in tags)
        {
            hash += HashCode.Combine(key.GetHashCode(StringComparison.Ordinal), value?.GetHashCode() ?? 0);
        }

        return hash;
    }

    private static bool SameTags(KeyValuePair<string, object?>[] known, Tags tags)
    {
        if (known.Length != tags.Length)
        {
            return false;
        }

        for (var i = 0; i < tags.Length; i++)
        {
            // Tags nearly always come in the same order.
            if (!SameTag(known[i], tags[i]) && !Contains(known, tags[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Contains(KeyValuePair<string, object?>[] known, KeyValuePair<string, object?> tag)
    {
        foreach (var candidate in known)
        {
            if (SameTag(candidate, tag))
            {
                return true;
            }
        }

        return false;
    }

    private static bool SameTag(KeyValuePair<string, object?> one, KeyValuePair<string, object?> other) =>
        one.Key == other.Key && Equals(one.Value, other.Value);

    private sealed class Node(int hash, KeyValuePair<string, object?>[] tags, Series series)
    {
        public int Hash { get; } = hash;

        public KeyValuePair<string, object?>[] Tags { get; } = tags;

        public Series Series { get; } = series;

        public Node? Next { get; set; }
    }
}
