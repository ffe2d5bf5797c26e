using System.Globalization;
using Orchestrator.Core.Guests;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions.Processes;

/// <summary>Reads the parameters of calls about processes.</summary>
internal static class ProcessParameters
{
    private const int LastSignal = 64;
    private const int Terminate = 15;
    private const int LargestSize = 1_000;
    private static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(5);

    // signal(7), on Linux for x86 and ARM.
    private static readonly string[] Signals =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>A flag of the query; false when it is missing.</summary>
    /// <exception cref="InvalidInputException">It is neither true nor false.</exception>
    public static bool ReadFlag(string name, string? value) => value switch
    {
        null or "" or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw InvalidInputException.Field(name, "must be true or false."),
    };

    /// <summary>The offset to begin after, from the query or from the last event that a reader saw; 0 when it is missing.</summary>
    /// <exception cref="InvalidInputException">It is no offset.</exception>
    public static long ReadOffset(string? value) => value switch
    {
        null or "" => 0,
        _ when long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) => offset,
        _ => throw InvalidInputException.Field("since", "must be an offset: the id of an event."),
    };

    /// <summary>Whether output is answered in base64.</summary>
    /// <exception cref="InvalidInputException">It is no encoding.</exception>
    public static bool ReadEncoding(string? value) => value switch
    {
        null or "" or "utf8" => false,
        "base64" => true,
        _ => throw InvalidInputException.Field("encoding", "must be utf8 or base64."),
    };

    /// <summary>A signal by its name or number; TERM when it is missing. TERM is followed by KILL.</summary>
    /// <exception cref="InvalidInputException">It is no signal.</exception>
    public static (int Number, TimeSpan? Grace) ReadSignal(string? value)
    {
        var name = (value is null or "" ? "TERM" : value).ToUpperInvariant();
        var number = name.StartsWith("SIG", StringComparison.Ordinal) ? Array.IndexOf(Signals, name[3..]) : Array.IndexOf(Signals, name);
        if (number < 1 && !(int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= LastSignal))
        {
            throw InvalidInputException.Field("signal", $"must be a signal's name, such as TERM, or its number, 1 to {LastSignal}.");
        }

        return (number, number == Terminate ? KillAfter : null);
    }

    /// <summary>A terminal's size.</summary>
    /// <exception cref="InvalidInputException">It is too small or too large.</exception>
    public static ScreenSize ReadSize(int? columns, int? rows) =>
        new(ReadSize("cols", columns ?? 80), ReadSize("rows", rows ?? 24));

    private static int ReadSize(string name, int value) => value is >= 1 and <= LargestSize
        ? value
        : throw InvalidInputException.Field(name, $"must be from 1 to {LargestSize}.");
}
