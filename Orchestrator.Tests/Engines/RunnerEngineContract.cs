using System.Net;
using System.Net.Sockets;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines;

/// <summary>What every engine does, whatever stands behind it. Run against real ones.</summary>
public abstract partial class RunnerEngineContract(EngineFixture fixture) : IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();
    private readonly Dictionary<string, RunnerSpec> _started = [];
    private IRunnerEngine? _engine;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected IRunnerEngine Engine => _engine ??= fixture.Connect(_instance);

    protected string Instance => _instance;

    public virtual ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await fixture.ForgetAsync(_instance);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Start_ThenReady_AnswersAndIsListedAndFound()
    {
        var owner = Owner.Session("first");
        var spec = fixture.Spec(owner);

        var placement = await Engine.StartAsync(spec, Cancel);
        await Engine.WaitUntilReadyAsync(spec, placement, Cancel);

        var address = Engine.AddressOf(placement)!;
        Assert.Equal(("localhost", placement.Port, $"http://localhost:{placement.Port}"), (address.Host, address.Port, address.Url));
        using var client = new HttpClient();
        // localhost is both loopback addresses, and a client may take either.
        foreach (var way in (Uri[])[address.Internal, new Uri(address.Url), new Uri($"http://127.0.0.1:{placement.Port}"), new Uri($"http://[::1]:{placement.Port}")])
        {
            using var answer = await client.GetAsync(new Uri(way, spec.Template.Ready.Path), Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var listed = Assert.Single(await Engine.ListAsync(Cancel));
        Assert.Equal((spec.RunnerId, spec.Template.Name, true), (listed.RunnerId, listed.Template, listed.Running));
        Assert.Equal((owner, RunnerNetwork.Bridge, placement), (listed.Owner, listed.Network, listed.Placement));
        Assert.Equal(fixture.Connect(_instance).PlanOf(spec.Template), listed.Plan);
        Assert.InRange(listed.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(listed, await Engine.FindAsync(spec.RunnerId, Cancel));
        Assert.Equal(placement.ImageId, await Engine.GetImageIdAsync(spec.Template, Cancel));
        Assert.NotNull(placement.Address);
    }

    [Fact]
    public async Task Start_WithoutNetwork_HasNoAddress_OrIsRefusedByAnEngineThatCannot()
    {
        var spec = fixture.Spec(network: RunnerNetwork.None);

        if (Engine.Capabilities.NetworkNone)
        {
            var placement = await Engine.StartAsync(spec, Cancel);
            Assert.Null(Engine.AddressOf(placement));
            Assert.Equal(RunnerNetwork.None, Assert.Single(await Engine.ListAsync(Cancel)).Network);
        }
        else
        {
            await Assert.ThrowsAsync<EngineException>(() => Engine.StartAsync(spec, Cancel));
            Assert.Empty(await Engine.ListAsync(Cancel));
        }
    }

    [Fact]
    public void PlanOf_OtherSettings_IsAnother()
    {
        var template = fixture.Template;
        var plan = Engine.PlanOf(template);

        Assert.Equal(plan, Engine.PlanOf(template with { MinIdle = 7, MaxLeased = 9, LeaseTime = TimeSpan.FromDays(1) }));
        Assert.NotEqual(plan, Engine.PlanOf(template with { Image = "another" }));
        Assert.NotEqual(plan, Engine.PlanOf(template with { Environment = new Dictionary<string, string> { ["NAME"] = "value" } }));
        Assert.NotEqual(plan, Engine.PlanOf(template with { Ready = template.Ready with { Path = "/another" } }));
    }

    [Fact]
    public async Task Find_UnknownRunner_ReturnsNull() => Assert.Null(await Engine.FindAsync("runner-1-none", Cancel));

    [Fact]
    public async Task Remove_RunningRunner_IsGoneAndRemovingAgainIsFine()
    {
        var (spec, placement) = await StartAsync();

        await Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);

        Assert.Empty(await Engine.ListAsync(Cancel));
        await Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);
        await Engine.RemoveAsync(spec.RunnerId, null, Cancel);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAnyAsync<SocketException>(async () => await socket.ConnectAsync(IPAddress.Loopback, placement.Port!.Value, Cancel));
    }

    [Fact]
    public async Task Remove_ByRunnerIdAloneAfterItsNameChanged_IsGone()
    {
        var (spec, placement) = await StartAsync();
        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, Owner.Session("somebody"), Cancel);

        await Engine.RemoveAsync(spec.RunnerId, null, Cancel);

        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Remove_ByMany_AllSucceed()
    {
        var (spec, placement) = await StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel)));

        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task TellOwnerAndRemove_Racing_LeaveNothing()
    {
        for (var round = 0; round < 5; round++)
        {
            var (spec, placement) = await StartAsync();

            var removal = Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);
            for (var n = 0; !removal.IsCompleted; n++)
            {
                await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, Owner.Session($"owner-{n}"), Cancel);
            }

            await removal;
        }

        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_PortTaken_SaysSoAndLeavesNothing()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var error = await Assert.ThrowsAsync<PortTakenException>(() => Engine.StartAsync(fixture.Spec(hostPort: port), Cancel));

        Assert.Equal(port, error.Port);
        Assert.Empty(await Engine.ListAsync(Cancel));
        holder.Stop();
        Assert.Equal(port, (await Engine.StartAsync(fixture.Spec(hostPort: port), Cancel)).Port);
        await Assert.ThrowsAsync<PortTakenException>(() => Engine.StartAsync(fixture.Spec(hostPort: port), Cancel));
        Assert.Single(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_Cancelled_LeavesNothing()
    {
        for (var after = 0; after <= 120; after += 30)
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(after));
            var spec = fixture.Spec();
            try
            {
                await Engine.StartAsync(spec, cancel.Token);
                await Engine.RemoveAsync(spec.RunnerId, null, Cancel);
            }
            catch (OperationCanceledException)
            {
            }

            Assert.Empty(await Engine.ListAsync(Cancel));
        }
    }

    [Theory]
    [InlineData("default", OwnerKind.Session, "user:42_a.b-c")]
    [InlineData("default", OwnerKind.Machine, "my_project-1")]
    [InlineData("default", OwnerKind.Task, "0b5c")]
    [InlineData("acme-2", OwnerKind.Session, "user:42_a.b-c")]
    public async Task TellOwner_IsListedAndTakenBack(string tenant, OwnerKind kind, string id)
    {
        var (spec, placement) = await StartAsync();
        var owner = new Owner(new Tenant(tenant), kind, id);

        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, owner, Cancel);
        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, owner, Cancel);
        Assert.Equal(owner, (await Engine.FindAsync(spec.RunnerId, Cancel))!.Owner);

        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, null, Cancel);
        Assert.Null((await Engine.FindAsync(spec.RunnerId, Cancel))!.Owner);
    }

    [Fact]
    public async Task Start_OwnerOfATenant_IsListedWithIt()
    {
        var spec = fixture.Spec(Owner.Session("a.b-c", new Tenant("acme")));

        await Engine.StartAsync(spec, Cancel);

        Assert.Equal(spec.Owner, (await Engine.FindAsync(spec.RunnerId, Cancel))!.Owner);
    }

    [Fact]
    public async Task TellOwner_TheLongestSessionId_IsListed()
    {
        var (spec, placement) = await StartAsync();
        var owner = Owner.Session("a" + new string(':', 127), new Tenant(new string('t', 63)));

        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, owner, Cancel);

        Assert.Equal(owner, (await Engine.FindAsync(spec.RunnerId, Cancel))!.Owner);
    }

    [Fact]
    public async Task TellOwner_GoneRunner_DoesNothing() =>
        await Engine.TellOwnerAsync("runner-1-none", "none", Owner.Session("x"), Cancel);

    [Fact]
    public async Task Watch_RunnerStartsDiesAndIsRemoved_TellsInOrder()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stop.CancelAfter(TimeSpan.FromSeconds(20));
        await using var events = Engine.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = events.MoveNextAsync();
        var (spec, placement) = await StartAsync();

        async Task ExpectAsync(RunnerEventKind kind)
        {
            Assert.True(await next);
            Assert.Equal(new RunnerEvent(kind, spec.RunnerId), events.Current);
            next = events.MoveNextAsync();
        }

        await ExpectAsync(RunnerEventKind.Started);
        await fixture.KillAsync(placement);
        await ExpectAsync(RunnerEventKind.Died);
        Assert.False((await Engine.FindAsync(spec.RunnerId, Cancel))!.Running);
        await Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);
        await ExpectAsync(RunnerEventKind.Removed);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task List_AnotherInstance_SeesNothingOfOurs()
    {
        var (spec, _) = await StartAsync();
        var other = fixture.Connect(EngineFixture.NewInstance());

        Assert.Empty(await other.ListAsync(Cancel));
        Assert.Null(await other.FindAsync(spec.RunnerId, Cancel));
        await other.RemoveAsync(spec.RunnerId, null, Cancel);

        Assert.True(Assert.Single(await Engine.ListAsync(Cancel)).Running);
    }

    [Fact]
    public async Task List_AfterARestart_FindsWhatRuns()
    {
        var (spec, placement) = await StartReadyAsync();
        await Engine.TellOwnerAsync(spec.RunnerId, placement.Handle, Owner.Machine("kept"), Cancel);

        var next = fixture.Connect(_instance);

        var found = Assert.Single(await next.ListAsync(Cancel));
        Assert.Equal((spec.RunnerId, true, Owner.Machine("kept"), placement), (found.RunnerId, found.Running, found.Owner, found.Placement));
        var output = new TextOutput();
        Assert.Equal(0, (await ExecAsync(placement, Command("echo still here"), output, Cancel, next)).ExitCode);
        Assert.Equal("still here\n", output.Stdout);
        await next.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Ping_EngineIsThere_Answers() => await Engine.PingAsync(Cancel);

    /// <summary>Starts one and waits until it is ready, after which its guest is made complete.</summary>
    protected async Task<(RunnerSpec Spec, RunnerPlacement Placement)> StartReadyAsync(IRunnerEngine? by = null)
    {
        var (spec, placement) = await StartAsync(by: by);
        await (by ?? Engine).WaitUntilReadyAsync(spec, placement, Cancel);
        return (spec, placement);
    }

    protected async Task<(RunnerSpec Spec, RunnerPlacement Placement)> StartAsync(RunnerSpec? wanted = null, IRunnerEngine? by = null)
    {
        var spec = wanted ?? fixture.Spec();
        var placement = await (by ?? Engine).StartAsync(spec, Cancel);
        _started[placement.Handle] = spec;
        return (spec, placement);
    }

    /// <summary>Runs a command in a runner that <see cref="StartAsync"/> started.</summary>
    protected Task<ExecResult> ExecAsync(
        RunnerPlacement placement, ExecRequest request, IExecOutput output, CancellationToken cancellationToken, IRunnerEngine? by = null)
    {
        var spec = _started[placement.Handle];
        return (by ?? Engine).ExecAsync(placement, spec.RunnerId, spec.Token, request, output, cancellationToken);
    }
}
