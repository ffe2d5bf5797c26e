using System.Runtime.InteropServices;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>
/// The number of tasks by type and state: counted once at the start and followed from there in memory, since no other
/// process can change them.
/// </summary>
internal sealed class TaskTally
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Type, TaskPhase State), long> _counts = [];
    private long _pending;
    private long _promised;

    public TaskTally(IEnumerable<TaskCount> counts)
    {
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

    /// <summary>Reserves room for a task to be added; false when there is none.</summary>
    public bool Promise(long limit)
    {
        lock (_gate)
        {
            if (_pending + _promised >= limit)
            {
                return false;
            }

            _promised++;
            return true;
        }
    }

    /// <summary>Ends a reservation, with the task added or not.</summary>
    public void Redeem(string? addedType)
    {
        lock (_gate)
        {
            _promised--;
            if (addedType is not null)
            {
                Add(addedType, TaskPhase.Pending, 1);
            }
        }
    }

    public void Moved(string type, TaskPhase from, TaskPhase to, int count = 1)
    {
        lock (_gate)
        {
            Add(type, from, -count);
            Add(type, to, count);
        }
    }

    public void Forgotten(string type, TaskPhase state)
    {
        lock (_gate)
        {
            Add(type, state, -1);
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
