namespace Orchestrator.AppHost;

/// <summary>Nothing was started; the message says why, for the console.</summary>
internal sealed class LaunchException(string message) : Exception(message);

/// <summary>The AppHost's arguments.</summary>
internal static class CommandLine
{
    /// <summary>Divides them at the first <c>--</c>: what is before it is the AppHost's own, the rest goes to API and workers.</summary>
    public static (string[] Own, string[] Settings) Split(string[] args)
    {
        var at = Array.IndexOf(args, "--");
        return at < 0 ? (args, []) : (args[..at], args[(at + 1)..]);
    }

    /// <summary>Writes a line to the console, for the operator.</summary>
    public static void Say(string text) => Console.WriteLine($"orchestrator: {text}");
}
