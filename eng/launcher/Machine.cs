using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Launcher;

/// <summary>What this machine has.</summary>
internal static class Machine
{
    /// <summary>The repository: whatever is built lies in it.</summary>
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>The first of some programs that is installed; null for none.</summary>
    public static string? Find(params string[] programs) => programs
        .SelectMany(program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)))
        .FirstOrDefault(File.Exists);

    /// <summary>A program of ours, of the configuration that the launcher is of.</summary>
    public static string Ours(string project)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var dll = Path.Combine(Root, project, "bin", output.Parent!.Name, output.Name, $"{project}.dll");
        return File.Exists(dll) ? dll : throw new LaunchException($"{project} is not built; ./orchestrator build builds it");
    }

    /// <summary>Aspire's command line, fetched where that is possible; null when it can't be had.</summary>
    public static async Task<string?> AspireAsync(CancellationToken stop)
    {
        var installed = Find("aspire");
        using var fetch = installed is null ? Process.Start(new ProcessStartInfo(Path.Combine(Root, "eng", "get-dashboard")) { RedirectStandardOutput = true }) : null;
        var path = fetch is null ? installed : (await fetch.StandardOutput.ReadToEndAsync(stop)).Trim();
        return File.Exists(path) ? path : null;
    }

    /// <summary>The port that a variable names, 0 for any. A taken one is found here, where the way out can be told.</summary>
    public static int Port(string variable, int usual)
    {
        var text = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set : $"{usual}";
        var port = ushort.TryParse(text, CultureInfo.InvariantCulture, out var given) ? given : throw new LaunchException($"{variable} is '{text}', not a port");
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            throw new LaunchException($"port {port} is in use; stop what listens there, or choose another: {variable}={(port + 10_000) % 65_536}");
        }
    }

    private static string FindRoot(DirectoryInfo? folder) => folder is null ? throw new LaunchException("the launcher runs inside its repository only")
        : File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")) ? folder.FullName
        : FindRoot(folder.Parent);
}

/// <summary>Nothing was started, or all was stopped again; the message says why.</summary>
internal sealed class LaunchException(string message) : Exception(message);
