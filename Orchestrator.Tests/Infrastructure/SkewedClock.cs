using System.Diagnostics;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Gives a program a wall clock that is wrong; how long things take stays true. Done by <c>faketime</c>.</summary>
internal static class SkewedClock
{
    private static readonly string[] Needed = ["LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED", "DONT_FAKE_MONOTONIC", "FAKETIME_DONT_FAKE_MONOTONIC"];

    /// <summary>The environment variables with which a program is started so.</summary>
    public static async Task<(string Name, string Value)[]> VariablesAsync(TimeSpan ahead)
    {
        var offset = $"{(ahead < TimeSpan.Zero ? "-" : "+")}{ahead.Duration().TotalSeconds:0}s";
        var start = new ProcessStartInfo(Components.Require("faketime"), ["-m", "--exclude-monotonic", "-f", offset, "env"]) { RedirectStandardOutput = true };
        using var process = Subprocess.Start(start);
        var variables = (await process.StandardOutput.ReadToEndAsync()).Split('\n').Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2 && Needed.Contains(pair[0])).Select(pair => (pair[0], pair[1])).ToArray();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains(variables, variable => variable.Item1 == "LD_PRELOAD");

        // Memory that it shares with the one process it was made for.
        return [.. variables.Where(variable => variable.Item1 != "FAKETIME_SHARED")];
    }
}
