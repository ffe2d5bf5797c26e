using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>The <c>dockerd</c> behind the engine's socket, which can be stopped and started again as it was.</summary>
internal sealed class EngineProcess
{
    // Linux, sys/socket.h: who listens at the other end.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private const string DataRoot = "--data-root=";

    private readonly string _socket;
    private readonly int _id;
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly string _log;

    private EngineProcess(string socket)
    {
        _socket = socket;
        _id = Listener(socket);
        _program = ReadLink("exe");
        Assert.Equal("dockerd", Path.GetFileName(_program));
        _arguments = File.ReadAllText($"/proc/{_id}/cmdline").TrimEnd('\0').Split('\0')[1..];
        _log = ReadLink("fd/1") is var log && File.Exists(log) ? log : "/dev/null";
    }

    /// <summary>The one that the tests' clients speak with.</summary>
    public static EngineProcess Find()
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
        Assert.StartsWith("unix://", host, StringComparison.Ordinal);
        return new EngineProcess(host["unix://".Length..]);
    }

    /// <summary>Stops it as an operator does, and waits until it is gone.</summary>
    public async Task StopAsync()
    {
        using var kill = Subprocess.Start("kill", ["-TERM", _id.ToString(CultureInfo.InvariantCulture)]);
        await Eventually.TrueAsync(() => !IsAlive(), TimeSpan.FromSeconds(60), "The engine's end");
    }

    /// <summary>Starts it with the arguments that it had, to outlive this process, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        if (!IsAlive())
        {
            await UnmountLeftoversAsync();
            using var start = Subprocess.Start(new ProcessStartInfo("sh",
                ["-c", "log=$1; shift; setsid \"$@\" >> \"$log\" 2>&1 < /dev/null &", "sh", _log, _program, .. _arguments]))!;
            await start.WaitForExitAsync();
        }

        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await InstanceContainers.PingAsync();
                return true;
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or TimeoutException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(60), $"An answer of the engine at {_socket}");
    }

    // Docker 20.10, stopped while it starts a container, may leave that one's root mounted. The next engine hides the mount
    // below its own and can never remove the container ("device or resource busy"); an operator unmounts it in between.
    private async Task UnmountLeftoversAsync()
    {
        var root = _arguments.FirstOrDefault(argument => argument.StartsWith(DataRoot, StringComparison.Ordinal))?[DataRoot.Length..] ?? "/var/lib/docker";
        var mounts = File.ReadAllLines("/proc/self/mounts").Select(line => line.Split(' ')[1]);
        foreach (var left in mounts.Where(mount => mount.StartsWith($"{root}/overlay2/", StringComparison.Ordinal)))
        {
            using var umount = Subprocess.Start("umount", [left]);
            await umount.WaitForExitAsync();
        }
    }

    // A zombie whose parent has not asked yet is as good as gone.
    private bool IsAlive()
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{_id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string ReadLink(string name) => File.ResolveLinkTarget($"/proc/{_id}/{name}", returnFinalTarget: false)?.FullName ?? "";

    private static int Listener(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var credentials = new byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return BitConverter.ToInt32(credentials);
    }
}
