using System.Globalization;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>Nothing happened for a while.</summary>
internal sealed record GuestSilence : GuestEvent
{
    public static GuestSilence Instance { get; } = new();
}

/// <summary>Reads the events of processes.</summary>
internal static class GuestEvents
{
    /// <summary>The exit code of what SIGKILL ended.</summary>
    public const int Killed = SignalBase + 9;

    private const int SignalBase = 128;
    private const string Signal = "signal: ";
    private const string Number = "signal ";
    private const double LongestMilliseconds = 1e12;

    // As Go names them, which envd is written in; the index is the signal's number.
    private static readonly string[] Signals =
    [
        "", "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error", "floating point exception",
        "killed", "user defined signal 1", "segmentation fault", "user defined signal 2", "broken pipe", "alarm clock", "terminated",
    ];

    /// <summary>The next event; null at the stream's end.</summary>
    public static async ValueTask<GuestEvent?> ReadEventAsync(this GuestStream stream, CancellationToken cancellationToken)
    {
        if (await stream.ReadAsync(GuestJson.Default.WireProcessResponse, cancellationToken) is not { } message)
        {
            return null;
        }

        switch (message.Event)
        {
            case { Start.Pid: var pid }:
                return pid >= 0 ? new ProcessStarted(pid) : throw new RunnerMisbehavedException($"The guest started process {pid}.");
            case { End: { } end }:
                return new ProcessEnded(Read(end));
            case { Data: { } data } happened when Read(data, data.Offset ?? happened.Offset) is { } output:
                return output;
            default:
                stream.CountEmpty();
                return GuestSilence.Instance;
        }
    }

    /// <summary>How a process ended, in the contract's words: 128 + n after signal n.</summary>
    public static int? ExitCodeOf(int? code, bool exited, string? status)
    {
        if (exited || status is null || !status.StartsWith(Signal, StringComparison.Ordinal))
        {
            // Without a signal's name: lost with the process that ran it.
            return code < 0 ? Killed : code ?? (exited ? 0 : null);
        }

        var name = status[Signal.Length..];
        var number = Array.IndexOf(Signals, name);
        return number > 0 || (name.StartsWith(Number, StringComparison.Ordinal)
            && int.TryParse(name[Number.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= 64)
            ? SignalBase + number
            : code < 0 ? Killed : code;
    }

    private static ProcessOutput? Read(WireDataEvent data, long? offset) => data switch
    {
        { Stdout: { Length: > 0 } bytes } => new ProcessOutput(OutputStream.Stdout, bytes, offset),
        { Stderr: { Length: > 0 } bytes } => new ProcessOutput(OutputStream.Stderr, bytes, offset),
        { Pty: { Length: > 0 } bytes } => new ProcessOutput(OutputStream.Stdout, bytes, offset),
        _ => null,
    };

    private static ExecResult Read(WireEndEvent end) => new(
        end.TimedOut ? null : ExitCodeOf(end.ExitCode, end.Exited, end.Status),
        TimeSpan.FromMilliseconds(end.DurationMs is >= 0 and < LongestMilliseconds ? end.DurationMs : 0),
        end.TimedOut,
        end.Truncated)
    {
        Error = GuestErrors.Clean(end.Reason),
        OomKilled = end.OomKilled,
    };
}
