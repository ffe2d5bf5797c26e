using System.Runtime.InteropServices;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>
/// The number of tasks by type and state, and the bytes of all of them: counted once at the start and followed from there in
/// memory, since no other process can change them.
/// </summary>
internal sealed class TaskTally
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Type, TaskPhase State), long> _counts = [];
    private long _pending;
    private long _promised;
    private long _bytes;

    public TaskTally(IEnumerable<TaskCount> counts, long bytes)
    {
        _bytes = bytes;
        foreach (var count in counts)
        {
            Add(count.Type, count.State, count.Count);
        }
    }

    public IReadOnlyList<TaskCount> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _counts.Where(one => one.Value != 0).Select(one => new TaskCount(one.Key.Type, one.Key.State, one.Value))];
            }
        }
    }

    /// <summary>Reserves room for a task to be added; gives the refusal when there is none.</summary>
    public TaskQueueFullException? Promise(TasksOptions options, long bytes)
    {
        lock (_gate)
        {
            if (_pending + _promised >= options.MaxPending)
            {
                return TaskQueueFullException.OfTasks(options);
            }

            if (_bytes + bytes > options.MaxStoredBytes)
            {
                return TaskQueueFullException.OfBytes(options);
            }

            _promised++;
            _bytes += bytes;
            return null;
        }
    }

    /// <summary>Ends a reservation, with the task added or not.</summary>
    public void Redeem(string? addedType, long bytes)
    {
        lock (_gate)
        {
            _promised--;
            if (addedType is not null)
            {
                Add(addedType, TaskPhase.Pending, 1);
            }
            else
            {
                _bytes -= bytes;
            }
        }
    }

    /// <summary>A task changed its state, and by how many bytes it holds more.</summary>
    public void Moved(string type, TaskPhase from, TaskPhase to, long bytes = 0)
    {
        lock (_gate)
        {
            Add(type, from, -1);
            Add(type, to, 1);
            _bytes += bytes;
        }
    }

    /// <summary>A task was deleted with the bytes that it held.</summary>
    public void Forgotten(string type, TaskPhase state, long bytes)
    {
        lock (_gate)
        {
            Add(type, state, -1);
            _bytes -= bytes;
        }
    }

    private void Add(string type, TaskPhase state, long by)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, (type, state), out _) += by;
        if (state == TaskPhase.Pending)
        {
            _pending += by;
        }
    }
}
