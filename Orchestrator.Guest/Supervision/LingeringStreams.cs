namespace Orchestrator.Guest.Supervision;

/// <summary>Reads and drops what the children of ended processes write to the streams that they inherited, so that none
/// dies of a closed pipe or waits for a full one.</summary>
internal sealed class LingeringStreams
{
    /// <summary>Streams held; past them the oldest is closed.</summary>
    private const int Limit = 256;
    private const int StackSize = 128 * 1024;

    private readonly Lock _gate = new();
    private readonly List<int> _fds = [];
    private readonly byte[] _chunk = new byte[64 * 1024];
    private readonly int _wake;
    private readonly int _woken;

    public LingeringStreams()
    {
        (_woken, _wake) = Posix.Pipe();
        Posix.MakeNonBlocking(_woken);
        Posix.MakeNonBlocking(_wake);
        // Made at the start, before code could take every process id.
        new Thread(Work, StackSize) { IsBackground = true }.Start();
    }

    /// <summary>Takes over the streams of an ended process that are still open.</summary>
    public void Take(SpawnedCommand command)
    {
        lock (_gate)
        {
            foreach (var fd in command.ReleaseOutputs())
            {
                Posix.MakeNonBlocking(fd);
                _fds.Add(fd);
            }

            while (_fds.Count > Limit)
            {
                Posix.close(_fds[0]);
                _fds.RemoveAt(0);
            }
        }

        Posix.Write(_wake, "."u8);
    }

    private void Work()
    {
        var polled = new Posix.PollFd[Limit + 1];
        while (true)
        {
            int count;
            lock (_gate)
            {
                polled[0] = new() { Fd = _woken, Events = Posix.POLLIN };
                count = 1 + _fds.Count;
                for (var index = 1; index < count; index++)
                {
                    polled[index] = new() { Fd = _fds[index - 1], Events = Posix.POLLIN };
                }
            }

            if (Posix.Poll(polled.AsSpan(0, count), Timeout.Infinite) > 0)
            {
                Drop(polled.AsSpan(0, count));
            }
        }
    }

    private void Drop(Span<Posix.PollFd> polled)
    {
        if (polled[0].Returned != 0)
        {
            Posix.Read(_woken, _chunk);
        }

        lock (_gate)
        {
            foreach (var entry in polled[1..])
            {
                // One that was closed meanwhile, its number another's, is no longer in the list.
                if (entry.Returned != 0 && _fds.Contains(entry.Fd)
                    && Posix.Read(entry.Fd, _chunk) is var count
                    && (count == 0 || (count < 0 && Posix.LastError is not (Posix.EINTR or Posix.EAGAIN))))
                {
                    Posix.close(entry.Fd);
                    _fds.Remove(entry.Fd);
                }
            }
        }
    }
}
