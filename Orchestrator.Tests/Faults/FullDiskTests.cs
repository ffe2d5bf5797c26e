using System.Diagnostics;
using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>The whole API, with its data on a disk that gets full under load.</summary>
[Collection(OnTheEngine.Name)]
public sealed class FullDiskTests
{
    [Fact]
    [Fault("store-disk-full", "store", "its disk fills up under load, then has room again", "503 until there is room; no acknowledged write is lost, no live session reaped; invariants")]
    public async Task Disk_FullUnderLoad_InvariantsHold()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", Component.Root.Reason("the test mounts a small disk"));
        using var disk = new TemporaryFolder();
        Directory.CreateDirectory(disk.Path);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.Path) == 0, Component.Mounts.Reason("mount fails"));
        try
        {
            await using var server = await ApiServer.StartAsync(
                "--INACTIVITY_TIMEOUT_SECONDS=4", "--CLEANUP_INTERVAL_SECONDS=0.5", "--Runners:OrphanGraceSeconds=2",
                "--Runners:ReconcileIntervalSeconds=0.5", $"--Storage:DataFolder={Path.Combine(disk.Path, "data")}");
            await using var load = await FaultLoad.StartAsync(server);
            await load.SeeAsync("provision", 201, 1);
            FillUp(disk.Path);

            // For longer than a lease lives without a sign of life that was taken.
            await load.SeeAsync("heartbeat", 503, 1);
            var refused = Stopwatch.StartNew();
            await Eventually.TrueAsync(() => refused.Elapsed > TimeSpan.FromSeconds(6), what: "Six seconds");

            Assert.Equal(0, await RunAsync("mount", "-o", "remount,size=64m", disk.Path));
            await load.SeeAsync("provision", 201, 1);
            await Invariants.HoldAsync(server, load);
            Assert.Empty(load.Unanswered);
            Assert.True(load.Count("task", 503) > 0, "No task was refused.");
        }
        finally
        {
            await RunAsync("umount", "-l", disk.Path);
        }
    }

    private static void FillUp(string folder)
    {
        using var ballast = new FileStream(Path.Combine(folder, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, 1);
        try
        {
            while (true)
            {
                ballast.Write(new byte[1024]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Subprocess.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
