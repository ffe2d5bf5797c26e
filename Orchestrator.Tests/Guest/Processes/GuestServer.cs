using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Orchestrator.Guest;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>The guest's server in this process, on a real socket, running real programs as this user.</summary>
public sealed class GuestServer : ComponentFixture
{
    internal const string Token = "a token of the tests";

    private readonly ProcessTree _processes = new(adoptOrphans: false);
    private WebApplication _app = null!;

    /// <summary>A client with the token; its time-out is the test's.</summary>
    public HttpClient Client { get; private set; } = null!;

    internal GuestClient Guest { get; private set; } = null!;

    protected override async ValueTask StartAsync()
    {
        Components.RequireSubprocesses();
        var settings = new GuestSettings(0, IPAddress.Loopback, SHA256.HashData(Encoding.UTF8.GetBytes(Token)));
        _app = RunnerServer.Build(settings, new SameUserConnector(_processes), TimeProvider.System, () => { });
        await _app.StartAsync();
        Client = new HttpClient { BaseAddress = new Uri(RunnerServer.AddressOf(_app)), Timeout = Timeout.InfiniteTimeSpan };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Guest = new GuestClient(Client);
    }

    public override async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _processes.KillAll();
    }
}
