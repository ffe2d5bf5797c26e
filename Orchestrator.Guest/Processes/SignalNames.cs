using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Guest.Processes;

/// <summary>Linux' signals by name and number.</summary>
internal static class SignalNames
{
    private const string Prefix = "SIGNAL_SIG";
    private const int Last = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    // As in Go, whose words the E2B SDKs know.
    private static readonly string[] Descriptions =
    [
        "", "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error",
        "floating point exception", "killed", "user defined signal 1", "segmentation fault", "user defined signal 2",
        "broken pipe", "alarm clock", "terminated", "stack fault", "child exited", "continued", "stopped (signal)", "stopped",
        "stopped (tty input)", "stopped (tty output)", "urgent I/O condition", "CPU time limit exceeded",
        "file size limit exceeded", "virtual timer expired", "profiling timer expired", "window changed", "I/O possible",
        "power failure", "bad system call",
    ];

    /// <summary>A signal as <c>SIGNAL_SIGTERM</c> or a number, in JSON; null when it is none.</summary>
    public static int? Parse(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var signal) => InRange(signal),
        { ValueKind: JsonValueKind.String } text => Parse(text.GetString()!),
        _ => null,
    };

    /// <summary>What people call it.</summary>
    public static string DescriptionOf(int signal) => signal < Descriptions.Length ? Descriptions[signal] : $"signal {signal}";

    private static int? Parse(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var signal)
        ? InRange(signal)
        : text.StartsWith(Prefix, StringComparison.Ordinal) && Array.IndexOf(Names, text[Prefix.Length..]) is var index and > 0
            ? index
            : null;

    private static int? InRange(int signal) => signal is > 0 and <= Last ? signal : null;
}
