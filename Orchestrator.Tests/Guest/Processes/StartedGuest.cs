using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Orchestrator.Guest;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>The guest as a process of its own, as the process engine starts it: it adopts orphans, and has a workspace.</summary>
public sealed class StartedGuest : ComponentFixture
{
    private const string Token = "test";

    private readonly TemporaryFolder _folder = new();
    private Process _process = null!;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Its process id.</summary>
    public int Pid => _process.Id;

    /// <summary>The folder that a reset empties; also the home.</summary>
    public string Workspace => _folder.Path;

    internal GuestClient Guest { get; private set; } = null!;

    protected override async ValueTask StartAsync()
    {
        Directory.CreateDirectory(Workspace);
        _process = RunnerProcess.Start(
            ["serve", "--same-user"],
            environment:
            [
                (GuestSettings.TokenHashVariable, Convert.ToHexString(SHA256.HashData("test"u8))), (GuestSettings.PortVariable, "0"),
                (CommandEnvironment.Workspace, Workspace), ("HOME", Workspace),
            ]);
        var line = await _process.StandardOutput.ReadLineAsync() ?? "";
        Client = new HttpClient
        {
            BaseAddress = new Uri(line.Split("Listening on ")[1].Split(',')[0]),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Guest = new GuestClient(Client);
    }

    /// <summary>Its children that have ended and were not reaped.</summary>
    public int Zombies()
    {
        var parent = Pid.ToString(CultureInfo.InvariantCulture);
        return Directory.EnumerateDirectories("/proc").Count(folder =>
        {
            try
            {
                var fields = File.ReadAllText($"{folder}/stat").Split(") ")[^1].Split(' ');
                return fields[0] == "Z" && fields[1] == parent;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        });
    }

    public override async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_process is not null)
        {
            using (Subprocess.Start("kill", ["-TERM", $"{_process.Id}"]))
            {
                await _process.WaitForExitAsync(CancellationToken.None);
            }

            _process.Dispose();
        }

        _folder.Dispose();
    }
}
