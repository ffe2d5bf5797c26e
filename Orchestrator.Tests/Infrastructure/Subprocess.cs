using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Starts every program that tests run beside their own process; none of these tests is quick.</summary>
internal static class Subprocess
{
    /// <summary>Starts a program; in the quick lane the test is skipped instead.</summary>
    public static Process Start(ProcessStartInfo start)
    {
        Components.RequireSubprocesses();
        return Process.Start(start)!;
    }

    /// <summary>Starts a program by its name or path.</summary>
    public static Process Start(string program, IEnumerable<string> arguments) => Start(new ProcessStartInfo(program, arguments));
}
