using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Benchmarks.Startup;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>Deprovisions of containers whose program ignores SIGTERM, like every PID 1 without a handler.</summary>
internal static class DeafOnDocker
{
    public static async Task<Comparison> RunAsync(bool quick)
    {
        var rounds = quick ? 2 : 6;
        var (ours, theirs) = (new Samples("POST /api/runner/deprovision"), new Samples($"{ClassicPeer.Name}: stop, remove"));
        await SleeperImage.MakeAsync();
        await using var api = await OrchestratorServer.StartAsync(
            "bench-deaf", ("Runners__MinIdle", "0"), ("Runners__Image", SleeperImage.Name), ("Runners__Ready__Probe", "None"));
        await using var peer = await ClassicPeer.StartAsync("bench-deaf-peer", SleeperImage.Name);
        for (var round = 0; round < rounds; round++)
        {
            var session = $"bench-{round}";
            await api.Client.ProvisionAsync(session);
            await ours.TimeAsync(() => api.Client.DeprovisionAsync(session));
            await peer.Client.ProvisionAsync(session);
            await theirs.TimeAsync(() => peer.Client.DeprovisionAsync(session));
        }

        return new Comparison("Deprovision, an image that ignores SIGTERM", ours, null, null) { Peer = theirs, PeerGoal = new Goal(50, 1 / 20.0) };
    }
}
