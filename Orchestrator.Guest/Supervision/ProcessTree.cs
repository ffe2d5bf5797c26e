using System.Diagnostics;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Starts commands and ends them with everything they started, in spite of any attempt to escape.</summary>
/// <remarks>
/// A command leads a session of its own. Processes that stay in it die by one signal to the group. Processes that leave it
/// (<c>setsid</c>, double fork) are found as descendants; when their parent is gone too, as orphans: this process
/// adopts them (PR_SET_CHILD_SUBREAPER), which needs it to have no other children. An orphan that carries the id of
/// another running command is left to that one. gVisor adopts nothing (and old versions show no environment): there,
/// in the container, every orphan of the same user is killed that carries no other command's id. A process that has
/// children of its own does neither: then the id alone finds orphans.
/// Processes that a command leaves behind when it ends by itself live on and belong to no command; its id is remembered.
/// </remarks>
#pragma warning disable CA1001 // lives as long as the process
internal sealed class ProcessTree
#pragma warning restore CA1001
{
    private const int Init = 1;
    private const int LeftLimit = 10_000;
    private const int BusyPauseMs = 20;
    private const int StackSize = 128 * 1024;
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, SpawnedCommand> _running = [];
    private readonly Queue<string> _left = new();
    private readonly AutoResetEvent _started = new(false);
    private readonly int _self = Posix.getpid();
    private readonly bool _adopts;
    private readonly bool _takesInits;

    /// <param name="adoptOrphans">Only in a process whose every child is a command.</param>
    public ProcessTree(bool adoptOrphans)
    {
        _adopts = adoptOrphans && Posix.BecomeSubreaper();
        _takesInits = adoptOrphans && !_adopts;
        OomScore.Open();
    }

    /// <summary>Whether orphans end here, so that <see cref="ReapOrphans"/> has to be called now and then.</summary>
    public bool AdoptsOrphans => _adopts;

    public (SpawnedCommand? Command, CommandExit? Failure) Start(ProcessRequest request)
    {
        // Under the lock, so that no command just started is taken for an orphan.
        lock (_gate)
        {
            var started = SpawnedCommand.Start(request, Guid.NewGuid().ToString("N"));
            if (started.Command is { } command)
            {
                _running[command.Pid] = command;
                _started.Set();
            }

            return started;
        }
    }

    /// <summary>Reaps a command that has ended by itself; its children live on.</summary>
    public EndedProcess? Leave(SpawnedCommand command)
    {
        command.HasEnded = true;
        lock (_gate)
        {
            _running.Remove(command.Pid);
            _left.Enqueue(command.Id);
            if (_left.Count > LeftLimit)
            {
                _left.Dequeue();
            }

            return Posix.Reap(command.Pid);
        }
    }

    /// <summary>Signals the command's group and everything it started.</summary>
    public void Signal(SpawnedCommand command, int signal)
    {
        Posix.kill(-command.Pid, signal);
        lock (_gate)
        {
            foreach (var entry in Victims(command).FindAll(entry => entry.Group != command.Pid))
            {
                Posix.kill(entry.Pid, signal);
            }
        }
    }

    /// <summary>Whether anything lives of what the command started, itself included.</summary>
    public bool HasLiveMembers(SpawnedCommand command)
    {
        lock (_gate)
        {
            return Victims(command).Count > 0;
        }
    }

    /// <summary>Kills the command and all its processes, and reaps it. A second call does nothing.</summary>
    /// <returns>How it ended, or null when it did not within five seconds (stuck in the kernel).</returns>
    public EndedProcess? End(SpawnedCommand command)
    {
        if (command.HasEnded)
        {
            return null;
        }

        command.HasEnded = true;
        var began = Stopwatch.GetTimestamp();
        var stopped = new HashSet<int>();
        Posix.kill(-command.Pid, Posix.SIGKILL);
        for (var pass = 0; Stopwatch.GetElapsedTime(began) < KillLimit; pass++)
        {
            lock (_gate)
            {
                var victims = Victims(command);
                if (victims.Count == 0 && Posix.HasExited(command.Pid))
                {
                    _running.Remove(command.Pid);
                    return Posix.Reap(command.Pid);
                }

                Strike(victims, stopped);
            }

            // Killed is not gone: the kernel needs a moment, and a victim may be waiting for the only CPU.
            if (pass > 0)
            {
                Posix.Poll([], Math.Min(pass, 20));
            }
        }

        lock (_gate)
        {
            _running.Remove(command.Pid);
        }

        return null;
    }

    /// <summary>Kills every running command's processes; for the end of this process.</summary>
    public void KillAll()
    {
        lock (_gate)
        {
            foreach (var pid in _running.Keys)
            {
                Posix.kill(-pid, Posix.SIGKILL);
            }

            if (_adopts)
            {
                foreach (var entry in Family(ProcessTable.Read(), entry => entry.Parent == _self))
                {
                    Posix.kill(entry.Pid, Posix.SIGKILL);
                }
            }
        }
    }

    /// <summary>Reaps adopted orphans that have ended: each held one of the container's few process ids.</summary>
    public void ReapOrphans()
    {
        lock (_gate)
        {
            while (_adopts && Posix.AnyExited() is var pid and > 0 && !_running.ContainsKey(pid) && Posix.Reap(pid) is not null)
            {
            }
        }
    }

    /// <summary>Reaps orphans as they end, for as long as this process lives, also when no command runs.</summary>
    public void StartReaping()
    {
        if (_adopts)
        {
            new Thread(ReapForever, StackSize) { IsBackground = true }.Start();
        }
    }

    private void ReapForever()
    {
        while (true)
        {
            if (Posix.WaitForAnyExit() is var pid and > 0)
            {
                ReapOrphans();
                // A command's own end is its operation's to reap, in a moment.
                Posix.Poll([], pid == Posix.AnyExited() ? BusyPauseMs : 0);
            }
            else
            {
                // Without children there are no orphans until the next command.
                _started.WaitOne();
            }
        }
    }

    /// <summary>Whether all processes of this one's user but itself are the code's: where an engine started it from outside of
    /// a container.</summary>
    public bool OwnsUser { get; } = Posix.getppid() == 0;

    /// <summary>Kills all that was ever started and lives, also what was left to live on; where this process's user is the
    /// code's alone, all its other processes.</summary>
    /// <returns>False when some are left after five seconds.</returns>
    public bool EndEverything()
    {
        var began = Stopwatch.GetTimestamp();
        var stopped = new HashSet<int>();
        for (var pass = 0; Stopwatch.GetElapsedTime(began) < KillLimit; pass++)
        {
            lock (_gate)
            {
                var all = Family(ProcessTable.Read(), IsCodes);
                all.RemoveAll(entry => entry.IsDead || entry.Pid == _self);
                if (all.Count == 0)
                {
                    return true;
                }

                Strike(all, stopped);
            }

            Posix.Poll([], Math.Min(pass, 20));
        }

        return false;
    }

    private bool IsCodes(ProcessEntry entry) => entry.Pid != _self
        && (_running.ContainsKey(entry.Session) || _running.ContainsKey(entry.Group) || (_adopts && entry.Parent == _self)
            || (OwnsUser ? ProcessTable.IsSameUser(entry.Pid, _self) : Owner(entry) is { } owner && IsKnown(owner)));

    private bool IsKnown(string id) => _running.Values.Any(command => command.Id == id) || _left.Contains(id);

    /// <summary>Kills processes that outlived their supervisor. Code can kill that, being the same user; its processes then are
    /// init's, which has no others of this user, since the engine starts every supervisor from outside.</summary>
    /// <returns>False when some are left after five seconds. True, and nothing done, where no engine started us:
    /// on an ordinary machine all users' background processes are init's.</returns>
    public bool EndStrays()
    {
        var began = Stopwatch.GetTimestamp();
        var stopped = new HashSet<int>();
        for (var pass = 0; OwnsUser; pass++)
        {
            var strays = Family(
                ProcessTable.Read(),
                entry => entry.Parent == Init && entry.Pid != _self && ProcessTable.IsSameUser(entry.Pid, _self));
            strays.RemoveAll(entry => entry.IsDead);
            if (strays.Count == 0)
            {
                break;
            }

            if (Stopwatch.GetElapsedTime(began) > KillLimit)
            {
                return false;
            }

            Strike(strays, stopped);
            Posix.Poll([], Math.Min(pass, 20));
        }

        return true;
    }

    /// <summary>Stops all, then kills all: processes that fork faster than they are killed are caught while stopped.
    /// A process with a signal pending cannot fork, so there is no need to wait for any.</summary>
    private static void Strike(List<ProcessEntry> victims, HashSet<int> stopped)
    {
        var fresh = victims.FindAll(entry => stopped.Add(entry.Pid));
        var signal = fresh.Count > 0 ? Posix.SIGSTOP : Posix.SIGKILL;
        foreach (var entry in fresh.Count > 0 ? fresh : victims)
        {
            Posix.kill(entry.Pid, signal);
        }
    }

    /// <summary>The command's live processes, itself included.</summary>
    private List<ProcessEntry> Victims(SpawnedCommand command)
    {
        var family = Family(
            ProcessTable.Read(),
            entry => entry.Session == command.Pid || entry.Group == command.Pid || IsOrphanOf(entry, command));
        family.FindAll(entry => entry.IsDead).ForEach(BuryIfOrphan);
        family.RemoveAll(entry => entry.IsDead);
        return family;
    }

    private bool IsOrphanOf(ProcessEntry entry, SpawnedCommand command)
    {
        if (_running.ContainsKey(entry.Pid) || entry.Pid == _self)
        {
            return false;
        }

        return _adopts
            ? entry.Parent == _self && MayBeOf(entry, command)
            : _takesInits
                ? entry.Parent == Init && !entry.IsDead && ProcessTable.IsSameUser(entry.Pid, _self) && MayBeOf(entry, command)
                : !entry.IsDead && Owner(entry) == command.Id;
    }

    /// <summary>Whether an orphan is the command's by its id or, without one that we gave, by its age.</summary>
    private bool MayBeOf(ProcessEntry entry, SpawnedCommand command)
    {
        var owner = Owner(entry);
        return owner == command.Id
            || (entry.StartTime >= command.StartTime
                && (owner is null || !IsKnown(owner)));
    }

    private static string? Owner(ProcessEntry entry) => ProcessTable.VariableOf(entry.Pid, CommandEnvironment.Marker);

    private void BuryIfOrphan(ProcessEntry entry)
    {
        if (_adopts && entry.Parent == _self && !_running.ContainsKey(entry.Pid))
        {
            Posix.Reap(entry.Pid);
        }
    }

    /// <summary>The roots and all their descendants.</summary>
    private static List<ProcessEntry> Family(List<ProcessEntry> table, Predicate<ProcessEntry> isRoot)
    {
        var byId = new Dictionary<int, ProcessEntry>(table.Count);
        foreach (var entry in table)
        {
            byId[entry.Pid] = entry;
        }

        var family = new Dictionary<int, ProcessEntry>();
        return table.FindAll(Belongs);

        bool Belongs(ProcessEntry entry)
        {
            // The table is read one by one: a re-used id could make a parent its own descendant, hence the limit.
            var ancestor = entry;
            for (var steps = 0; ancestor is not null && steps <= table.Count; steps++)
            {
                if (family.ContainsKey(ancestor.Pid) || isRoot(ancestor))
                {
                    family[entry.Pid] = entry;
                    return true;
                }

                ancestor = byId.GetValueOrDefault(ancestor.Parent);
            }

            return false;
        }
    }
}
