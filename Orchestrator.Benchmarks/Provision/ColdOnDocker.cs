using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Benchmarks.Measuring;

namespace Orchestrator.Benchmarks.Provision;

/// <summary>
/// Provisions without a pool and deprovisions, beside equivalent bare engine calls and a classic Node.js service, in
/// turns: the service as usually written, and with its runners on a network like ours, on which they can't see one
/// another. The image stops at SIGTERM.
/// </summary>
internal sealed class ColdOnDocker(OrchestratorServer api, BareEngine bare, ClassicPeer peer, ClassicPeer alike, TimeSpan settle)
{
    public const string Image = "runner-image";

    private const string Ours = "bench-cold";
    private const string Peers = "bench-peer";
    private const string Alike = "bench-alike";
    private const int Crowd = 10;

    // The first rounds warm everything up.
    private const int WarmUp = 2;

    private readonly Figures _provision = new("POST /api/runner/provision", "create, start, first HTTP answer", $"{ClassicPeer.Name}, to the first HTTP answer");
    private readonly Figures _answer = new("POST /api/runner/provision: usable when answered", null, $"{ClassicPeer.Name}: not yet usable");
    private readonly Figures _deprovision = new("POST /api/runner/deprovision", "forced remove", $"{ClassicPeer.Name}: stop, remove");
    private readonly Samples _alikeProvision = new($"{ClassicPeer.Name}, a network like ours, to the first HTTP answer");
    private readonly Samples _alikeDeprovision = new($"{ClassicPeer.Name}, a network like ours: stop, remove");
    private readonly Figures _containers = new("Orchestrator", null, ClassicPeer.Name);

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        await using var api = await OrchestratorServer.StartAsync(Ours, ("Runners__MinIdle", "0"));
        await api.Client.ProvisionAsync("first");
        using var bare = await BareEngine.ConnectAsync(Ours, Image);
        await using var peer = await ClassicPeer.StartAsync(Peers, Image);
        await using var alike = await ClassicPeer.StartAsync(Alike, Image, bare.Network);
        await api.Client.DeprovisionAsync("first");
        var run = new ColdOnDocker(api, bare, peer, alike, TimeSpan.FromMilliseconds(quick ? 300 : 600));
        await run.OneByOneAsync(quick ? 6 : 50);
        await run.TogetherAsync(quick ? 2 : 5);
        return run.Comparisons();
    }

    private IReadOnlyList<Comparison> Comparisons() =>
    [
        new("Cold provision until the runner answers, Docker, one caller", _provision.Ours, _provision.Floor, new Goal(50, 1.10))
        {
            Peer = _provision.Peer,
            PeerGoal = new Goal(50, 1),
        },
        new("Cold provision, beside a peer whose runners have a network like ours", _provision.Ours, null, null)
        {
            Peer = _alikeProvision,
            PeerGoal = new Goal(50, 1),
        },
        new("Cold provision until the call is answered", _answer.Ours, null, null) { Peer = _answer.Peer },
        new("Deprovision, an image that stops at once", _deprovision.Ours, _deprovision.Floor, new Goal(50, 1.10))
        {
            Peer = _deprovision.Peer,
            PeerGoal = new Goal(50, 1),
        },
        new("Deprovision, beside a peer whose runners have a network like ours", _deprovision.Ours, null, null)
        {
            Peer = _alikeDeprovision,
            PeerGoal = new Goal(50, 1),
        },
        new($"Containers of one session after {Crowd} provisions of it at once", _containers.Ours, null, null, "containers")
        {
            Peer = _containers.Peer,
            Limit = new Goal(100, 1),
        },
    ];

    private async Task OneByOneAsync(int rounds)
    {
        for (var round = -WarmUp; round < rounds; round++)
        {
            var (counted, session) = (round >= 0, $"bench-{round + WarmUp}");
            Func<Task>[] all =
            [
                () => OursAsync(session, counted),
                () => FloorAsync(counted),
                () => PeerAsync(peer, session, counted ? _provision.Peer : null, counted ? _answer.Peer : null, counted ? _deprovision.Peer : null),
                () => PeerAsync(alike, session, counted ? _alikeProvision : null, null, counted ? _alikeDeprovision : null),
            ];
            for (var turn = 0; turn < all.Length; turn++)
            {
                await all[(turn + round + WarmUp) % all.Length]();
            }
        }
    }

    private async Task OursAsync(string session, bool counted)
    {
        var (provision, deprovision) = counted ? (_provision.Ours, _deprovision.Ours) : (new Samples(""), new Samples(""));
        await provision.TimeAsync(() => api.Client.ProvisionAsync(session));
        await Task.Delay(settle);
        await deprovision.TimeAsync(() => api.Client.DeprovisionAsync(session));
        await Task.Delay(settle);
        if (counted)
        {
            _answer.Ours.Add(provision.All()[^1]);
        }
    }

    private async Task FloorAsync(bool counted)
    {
        var (provision, remove) = counted ? (_provision.Floor!, _deprovision.Floor!) : (new Samples(""), new Samples(""));
        string? id = null;
        await provision.TimeAsync(async () => id = await bare.ProvisionAsync());
        await Task.Delay(settle);
        await remove.TimeAsync(() => bare.RemoveAsync(id!));
        await Task.Delay(settle);
    }

    private async Task PeerAsync(ClassicPeer service, string session, Samples? provision, Samples? answer, Samples? deprovision)
    {
        await (provision ?? new Samples("")).TimeAsync(async () =>
        {
            var endpoint = "";
            await (answer ?? new Samples("")).TimeAsync(async () => endpoint = await service.Client.ProvisionAsync(session));
            await bare.AnsweredAsync(new Uri(endpoint + "/healthz"));
        });
        await Task.Delay(settle);
        await (deprovision ?? new Samples("")).TimeAsync(() => service.Client.DeprovisionAsync(session));
        await Task.Delay(settle);
    }

    private async Task TogetherAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var session = $"crowd-{round}";
            await Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => api.Client.ProvisionAsync(session)));
            _containers.Ours.Add(await RunnerContainers.CountAsync(Ours));
            await api.Client.DeprovisionAsync(session);

            // Two of its probes may find the same port free; one of them fails, and its container counts all the same.
            await ((Task)Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => peer.Client.ProvisionAsync(session))))
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _containers.Peer.Add(await RunnerContainers.CountAsync(Peers));
            await RunnerContainers.RemoveAsync(Peers);
        }
    }

    private sealed class Figures(string ours, string? floor, string peer)
    {
        public Samples Ours { get; } = new(ours);

        public Samples? Floor { get; } = floor is null ? null : new Samples(floor);

        public Samples Peer { get; } = new(peer);
    }
}
