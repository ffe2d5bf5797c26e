using System.Diagnostics;

namespace Orchestrator.Benchmarks.Startup;

/// <summary>An image whose container sleeps: a hundred of them cost the machine next to nothing.</summary>
internal static class SleeperImage
{
    public const string Name = "orchestrator-bench/sleeper";

    /// <summary>Builds it from runner-image, which contains everything it needs.</summary>
    public static async Task MakeAsync()
    {
        await DockerAsync("create", "--name", "orchestrator-bench-sleeper", "--entrypoint", "sleep", "runner-image", "infinity");
        try
        {
            await DockerAsync("commit", "orchestrator-bench-sleeper", Name);
        }
        finally
        {
            await DockerAsync("rm", "-f", "orchestrator-bench-sleeper");
        }
    }

    private static async Task DockerAsync(params string[] arguments)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true })!;
        await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        if (docker.ExitCode != 0)
        {
            throw new InvalidOperationException($"docker {string.Join(' ', arguments)} ended with {docker.ExitCode}.");
        }
    }
}
