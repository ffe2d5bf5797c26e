using System.Diagnostics;
using System.Globalization;
using Orchestrator.Guest.Protocol;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest;

/// <summary>Starts the built <c>Orchestrator.Guest</c> and looks at processes by what they carry.</summary>
internal static class RunnerProcess
{
    public static Process Start(string[] arguments, bool redirectInput = false, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Frame).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = redirectInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Subprocess.Start(start);
    }

    /// <summary>The living processes whose command line holds the text: tests give their sleeps a length of their own.</summary>
    public static List<int> WithCommandLine(string text)
    {
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                    && File.ReadAllText($"{folder}/cmdline").Replace('\0', ' ').Contains(text, StringComparison.Ordinal))
                {
                    found.Add(pid);
                }
            }
            catch (IOException)
            {
                // Gone while we looked.
            }
        }

        return found;
    }

    /// <summary>Waits until no such process lives; fails after ten seconds.</summary>
    public static Task NoneLeftAsync(string text) =>
        Eventually.TrueAsync(() => WithCommandLine(text).Count == 0, TimeSpan.FromSeconds(10), $"The end of every '{text}'");
}
