namespace Orchestrator.AppHost;

/// <summary>The launch failed before anything started; the message is for the console.</summary>
internal sealed class LaunchException(string message) : Exception(message);

/// <summary>The AppHost's arguments.</summary>
internal static class CommandLine
{
    /// <summary>Splits them at the first <c>--</c>: those before it are the AppHost's, the others go to API and workers.</summary>
    public static (string[] Own, string[] Settings) Split(string[] args)
    {
        var at = Array.IndexOf(args, "--");
        return at < 0 ? (args, []) : (args[..at], args[(at + 1)..]);
    }

    /// <summary>Writes a line to the console, for the operator.</summary>
    public static void Say(string text) => Console.WriteLine($"orchestrator: {text}");
}
