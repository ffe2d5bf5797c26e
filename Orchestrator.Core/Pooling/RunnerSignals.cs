using System.Collections.Concurrent;
using System.Threading.Channels;
using Orchestrator.Core.Leasing;

namespace Orchestrator.Core.Pooling;

/// <summary>What the parts of this instance tell each other, so that nobody polls for what another one knows.</summary>
public sealed class RunnerSignals(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, WaitingLine> _lines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Channel<bool>> _changes = new(StringComparer.Ordinal);

    /// <summary>Those who wait for a free place of a template.</summary>
    public WaitingLine Line(string template) => _lines.GetOrAdd(template, _ => new WaitingLine(time));

    /// <summary>Tells the keeper and those in line that a template's runners have changed.</summary>
    public void Changed(string template)
    {
        Line(template).Pulse();
        Changes(template).Writer.TryWrite(true);
    }

    /// <summary>Waits until a template's runners have changed since the last wait; changes meanwhile count as one.</summary>
    public async Task WaitForChangeAsync(string template, CancellationToken cancellationToken) =>
        await Changes(template).Reader.ReadAsync(cancellationToken);

    private Channel<bool> Changes(string template) => _changes.GetOrAdd(template, _ =>
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }));
}
