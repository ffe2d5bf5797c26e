using Orchestrator.Client;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>An API whose runners are local processes with the real guest, and a session in it.</summary>
public sealed class GuestSession : ComponentFixture
{
    /// <summary>The session.</summary>
    public const string Id = "s1";

    internal ApiHost Host { get; private set; } = null!;

    internal OrchestratorClient Client { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected override async ValueTask StartAsync()
    {
        Host = await ApiHost.StartWithProcessesAsync();
        Client = Host.NewClient();
        await Client.Sessions.ProvisionAsync(Id, cancellationToken: Cancel);
    }

    public override async ValueTask DisposeAsync()
    {
        if (!IsServed)
        {
            return;
        }

        await Client.Sessions.ReleaseAsync(Id, CancellationToken.None);
        Client.Dispose();
        await Host.DisposeAsync();
    }

    internal Task<ExecResponse> RunAsync(string script, ExecBody? body = null) =>
        Client.Sessions.ExecAsync(Id, (body ?? new ExecBody()) with { Command = ["sh", "-c", script] }, Cancel);
}
