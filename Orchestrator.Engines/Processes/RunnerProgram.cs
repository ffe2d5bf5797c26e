using System.Diagnostics;
using System.Globalization;
using Orchestrator.Core.Engines;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Engines.Processes;

/// <summary>The program of <c>runner-image</c>, which is installed beside ours, and its start parameters.</summary>
internal static class RunnerProgram
{
    // The needs of an ordinary program. Nothing else of the orchestrator's environment, which may hold keys.
    private static readonly string[] Inherited = ["PATH", "LANG", "LC_ALL", "TZ", "DOTNET_ROOT"];

    /// <summary>Its build, which changes with every rebuild.</summary>
    public static string ImageId { get; } =
        "process:" + typeof(CommandRequest).Assembly.ManifestModule.ModuleVersionId.ToString("N", CultureInfo.InvariantCulture);

    /// <summary>Starts it in one of its roles, in a session of its own, so that neither a terminal's signals nor our end reach it.</summary>
    /// <param name="workFolder">Its working directory; also its home.</param>
    /// <param name="environment">Its environment, besides the needs of every program.</param>
    /// <param name="script">The shell's script before it becomes the program, with the program as <c>"$@"</c>.</param>
    /// <param name="role">Its arguments.</param>
    /// <exception cref="EngineException">It can't be started.</exception>
    public static Process Start(
        string workFolder, IEnumerable<KeyValuePair<string, string>> environment, string script, params string[] role)
    {
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", script, "sh", host, typeof(CommandRequest).Assembly.Location },
            WorkingDirectory = workFolder,
        };
        foreach (var argument in role)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var name in Inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        start.Environment["HOME"] = workFolder;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start) ?? throw new EngineException("The runner's program did not start.");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new EngineException($"The runner's program can't be started: {error.Message}", error);
        }
    }
}
