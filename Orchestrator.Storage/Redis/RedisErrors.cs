using System.Text.RegularExpressions;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>What an error that Redis answers means.</summary>
internal static partial class RedisErrors
{
    // Given by prelude.lua of the runners' scripts.
    private const string StaleTerm = "STALETERM";

    // The code of an error that an older server wraps into its own: "ERR Error running script (call to f_…): @user_script:1:
    // @user_script: 1: -READONLY You can't write against a read only replica."
    [GeneratedRegex(": -(?<code>[A-Z]+) ")]
    private static partial Regex Wrapped();

    [GeneratedRegex("^(?<code>[A-Z]+) ")]
    private static partial Regex Plain();

    /// <summary>
    /// Whether the server refuses for now, whatever its reason (READONLY, NOREPLICAS, BUSY, OOM, MISCONF, NOAUTH, TRYAGAIN and
    /// so on). Only what our own scripts and calls do wrong is no refusal: a general error, or a key of another type.
    /// </summary>
    public static bool IsRefusal(this RedisServerException error) =>
        CodeOf(error.Message) is not (null or "ERR" or "WRONGTYPE" or "NOSCRIPT" or StaleTerm);

    /// <summary>Whether a script of ours refused a leader whose term is over.</summary>
    public static bool IsStaleTerm(this RedisServerException error) => CodeOf(error.Message) is StaleTerm;

    /// <summary>Whether this user may not send the command.</summary>
    public static bool IsForbidden(this RedisServerException error) => CodeOf(error.Message) is "NOPERM";

    /// <summary>The error's code, unwrapped; null when there is none.</summary>
    internal static string? CodeOf(string message)
    {
        var plain = Plain().Match(message).Groups["code"] is { Success: true } code ? code.Value : null;
        return plain is "ERR" && Wrapped().Match(message).Groups["code"] is { Success: true } wrapped ? wrapped.Value : plain;
    }
}
