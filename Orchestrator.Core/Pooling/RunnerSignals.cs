using System.Collections.Concurrent;
using System.Threading.Channels;
using Orchestrator.Core.Leasing;

namespace Orchestrator.Core.Pooling;

/// <summary>Signals between the parts of this instance, which save them polling.</summary>
public sealed class RunnerSignals(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CapacityQueue> _queues = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Channel<bool>> _changes = new(StringComparer.Ordinal);

    /// <summary>The calls waiting for a free place of a template.</summary>
    public CapacityQueue Queue(string template) => _queues.GetOrAdd(template, _ => new CapacityQueue(time));

    /// <summary>Wakes the keeper and the capacity queue: a template's runners have changed.</summary>
    public void Changed(string template)
    {
        Queue(template).Pulse();
        Changes(template).Writer.TryWrite(true);
    }

    /// <summary>Waits until a template's runners have changed since the last wait; several changes count as one.</summary>
    public async Task WaitForChangeAsync(string template, CancellationToken cancellationToken) =>
        await Changes(template).Reader.ReadAsync(cancellationToken);

    private Channel<bool> Changes(string template) => _changes.GetOrAdd(template, _ =>
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }));
}
