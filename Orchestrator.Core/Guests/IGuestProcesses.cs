using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Guests;

/// <summary>The processes of a runner that its guest started. An unknown one is refused with <see cref="GuestError.NotFound"/>.</summary>
public interface IGuestProcesses
{
    /// <summary>Starts a command that outlives the call. Its standard input stays open unless the request holds it.</summary>
    /// <param name="request">The command.</param>
    /// <param name="timeout">How long it may run; null for no limit.</param>
    /// <param name="cancellationToken">Stops waiting for the start.</param>
    /// <returns>Its process id in the runner.</returns>
    Task<int> StartAsync(ExecRequest request, TimeSpan? timeout, CancellationToken cancellationToken);

    /// <summary>The live ones, and those that ended within ten minutes.</summary>
    Task<IReadOnlyList<GuestProcessInfo>> ListAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads output, of the last MiB, and then what comes. A reader that reads slowly pauses the process. The last event is
    /// <see cref="ProcessEnded"/> unless <paramref name="follow"/> is false and the process still runs.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="since">The offset to begin after; 0 for everything kept.</param>
    /// <param name="follow">Whether to wait for more.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<GuestEvent> ReadAsync(int pid, long since, bool follow, CancellationToken cancellationToken);

    /// <summary>Starts a program in a terminal, or an interactive shell. The program outlives the reading; the first event is <see cref="ProcessStarted"/>.</summary>
    /// <param name="command">The shell command to run; null for a shell.</param>
    /// <param name="size">The terminal's size.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<GuestEvent> StartTerminalAsync(string? command, ScreenSize size, CancellationToken cancellationToken);

    /// <summary>Writes to a process's standard input, or to its terminal.</summary>
    Task WriteAsync(int pid, ReadOnlyMemory<byte> data, bool terminal, CancellationToken cancellationToken);

    /// <summary>Ends a process's standard input.</summary>
    Task CloseInputAsync(int pid, CancellationToken cancellationToken);

    /// <summary>Changes the size of a process's terminal.</summary>
    Task ResizeAsync(int pid, ScreenSize size, CancellationToken cancellationToken);

    /// <summary>Signals a process and everything it started.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="signal">The signal's number, 1 to 64.</param>
    /// <param name="grace">When to follow with SIGKILL; null for never.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task SignalAsync(int pid, int signal, TimeSpan? grace, CancellationToken cancellationToken);
}

/// <summary>A terminal's size in characters, each from 1 to 65535.</summary>
/// <param name="Columns">Its width.</param>
/// <param name="Rows">Its height.</param>
public readonly record struct ScreenSize(int Columns, int Rows);

/// <summary>A process in a runner.</summary>
public sealed record GuestProcessInfo
{
    /// <summary>Its id in the runner.</summary>
    public required int Pid { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Its working directory at the start.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>When it started, by the runner's clock.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its exit code; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Whether it was killed because the runner ran out of memory.</summary>
    public bool OomKilled { get; init; }

    /// <summary>The processor time it used, in seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Its resident memory.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Whether it runs in a terminal.</summary>
    public bool Terminal { get; init; }
}

/// <summary>What happens in a process.</summary>
public abstract record GuestEvent;

/// <summary>The process runs; the first event.</summary>
/// <param name="Pid">Its id in the runner; 0 when it could not be started, which its end explains.</param>
public sealed record ProcessStarted(int Pid) : GuestEvent;

/// <summary>Output.</summary>
/// <param name="Stream">Its stream; a terminal's is <see cref="OutputStream.Stdout"/>.</param>
/// <param name="Data">A piece of it.</param>
/// <param name="Offset">The offset after this piece, over all streams of the process; null where the reader did not ask for a replay.</param>
public sealed record ProcessOutput(OutputStream Stream, ReadOnlyMemory<byte> Data, long? Offset) : GuestEvent;

/// <summary>The process has ended; the last event.</summary>
/// <param name="Result">How.</param>
public sealed record ProcessEnded(ExecResult Result) : GuestEvent;
