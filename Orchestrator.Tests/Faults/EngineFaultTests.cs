using Orchestrator.Tests.EndToEnd;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>
/// The real engine behind a relay that makes it late, wrong, half-spoken or silent, under load. Meanwhile every call is
/// answered, and honestly; afterwards the invariants hold.
/// </summary>
[Collection(OnTheEngine.Name)]
public sealed class EngineFaultTests : IAsyncLifetime
{
    private readonly SocketRelay _relay = new(Components.EngineSocket);
    private ApiServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Components.RequireEngineSocket();
        _relay.Open();
        _server = await ApiServer.StartAsync(
            $"--DOCKER_HOST=unix://{_relay.Path}", "--INACTIVITY_TIMEOUT_SECONDS=5", "--CLEANUP_INTERVAL_SECONDS=0.5",
            "--Runners:OrphanGraceSeconds=2", "--Runners:ReconcileIntervalSeconds=0.5", "--Docker:CallTimeoutSeconds=3", "--Docker:StartTimeoutSeconds=6");
    }

    public async ValueTask DisposeAsync()
    {
        (_relay.Fault, _relay.Clogged, _relay.Delay, _relay.LosesEvents) = (null, false, default, false);
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _relay.DisposeAsync();
    }

    [Fact]
    [Fault("engine-errors", "engine", "it answers every third call with 500", "calls fail or succeed, none hangs; invariants")]
    public async Task Engine_AnswersErrors_InvariantsHold()
    {
        var calls = 0;
        await DuringAsync(_ => Interlocked.Increment(ref calls) % 3 == 0 ? RelayFault.ServerError : RelayFault.None, 6);
    }

    [Fact]
    [Fault("engine-answers-lost", "engine", "it executes calls, but their answers are lost", "containers created unnoticed are found, then used or removed; invariants")]
    public async Task Engine_LosesAnswers_InvariantsHold()
    {
        var calls = 0;
        await DuringAsync(call => !call.StartsWith("GET", StringComparison.Ordinal) && Interlocked.Increment(ref calls) % 2 == 0 ? RelayFault.AnswerLost : RelayFault.None, 6);
    }

    [Fact]
    [Trait("Category", "Long")]
    [Fault("engine-answers-cut", "engine", "its answers are truncated", "a partial answer is never mistaken for a complete one; invariants")]
    public async Task Engine_CutsAnswers_InvariantsHold()
    {
        var calls = 0;
        await DuringAsync(_ => Interlocked.Increment(ref calls) % 3 == 0 ? RelayFault.AnswerCut : RelayFault.None, 6);
    }

    [Fact]
    [Trait("Category", "Long")]
    [Fault("engine-slow", "engine", "all traffic to and from it is delayed by 150 ms", "everything works, more slowly; invariants")]
    public async Task Engine_Slow_InvariantsHold()
    {
        await using var load = await FaultLoad.StartAsync(_server);
        _relay.Delay = TimeSpan.FromMilliseconds(150);
        await load.SeeAsync("provision", 201, 2);
        await load.SeeAsync("exec", 200, 1);
        _relay.Delay = TimeSpan.Zero;
        await load.SeeAsync("provision", 201, 2);
        await EndAsync(load);
    }

    [Fact]
    [Fault("engine-hangs", "engine", "it accepts calls and answers none", "503 in bounded time, heartbeats succeed, nothing is reaped; invariants")]
    public async Task Engine_Hangs_InvariantsHold()
    {
        await using var load = await FaultLoad.StartAsync(_server);
        await load.SeeAsync("provision", 201, 1);
        _relay.Clogged = true;
        await load.SeeAsync("provision", 503, 3);
        await load.SeeAsync("heartbeat", 200, 10);
        await load.SeeAsync("task", 202, 5);
        _relay.Clogged = false;
        await load.SeeAsync("provision", 201, 2);
        await EndAsync(load);
    }

    [Fact]
    [Fault("engine-events-lost", "engine", "containers die and their events are lost", "the next reconcile detects it: calls report the loss, the container is removed; invariants")]
    public async Task Engine_LosesEvents_TheListingTells()
    {
        await using var load = await FaultLoad.StartAsync(_server);
        _relay.LosesEvents = true;
        foreach (var (kill, session) in new[] { (true, "killed"), (false, "removed") })
        {
            await _server.ProvisionAsync(session);
            var container = (await _server.FindAsync(session))!.ContainerId!;
            await (kill ? _server.Containers.KillAsync(container) : _server.Containers.RemoveAsync(container));
            await Eventually.TrueAsync(async () => await _server.HeartbeatAsync(session) == 404, TimeSpan.FromSeconds(30), "A heartbeat that finds nothing");
        }

        _relay.LosesEvents = false;
        await EndAsync(load);
    }

    [Fact]
    [Trait("Category", "Long")]
    [Fault("engine-connections-break", "engine", "every connection to it breaks repeatedly", "calls are retried or fail, missed events are caught up; invariants")]
    public async Task Engine_ConnectionsBreak_InvariantsHold()
    {
        await using var load = await FaultLoad.StartAsync(_server);
        for (var i = 0; i < 10; i++)
        {
            _relay.BreakConnections();
            await Pace.PauseAsync(300, Cancel);
        }

        await load.SeeAsync("provision", 201, 2);
        await EndAsync(load);
    }

    private async Task DuringAsync(Func<string, RelayFault> fault, int answers)
    {
        await using var load = await FaultLoad.StartAsync(_server);
        await load.SeeAsync("provision", 201, 1);
        _relay.Fault = fault;
        var (before, at) = (Provisions(), DateTime.UtcNow);
        await Eventually.TrueAsync(() => Provisions() >= before + answers && DateTime.UtcNow - at > TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(90), "Answers to provisions");
        _relay.Fault = null;
        await load.SeeAsync("provision", 201, 2);
        await EndAsync(load);

        int Provisions() => load.Answers.Where(answer => answer.Key.StartsWith("provision ", StringComparison.Ordinal)).Sum(answer => answer.Value);
    }

    // An engine may fail as it likes: who calls us gets an answer.
    private async Task EndAsync(FaultLoad load)
    {
        await Invariants.HoldAsync(_server, load);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", load.Answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}")));
        Assert.Empty(load.Unanswered);
    }
}
