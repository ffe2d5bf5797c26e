using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

public abstract partial class RunnerStoreContract
{
    [Fact]
    public async Task Claim_CountingPorts_GetsTheFirstFreeOne()
    {
        var first = (await ClaimAsync("a", firstPort: 9093)).Runner!;
        var second = (await Store.ReserveIdleAsync(Reserve(firstPort: 9093), 9, Cancel))!;
        var third = (await ClaimAsync("c", firstPort: 9093)).Runner!;
        Assert.Equal((9093, 9094, 9095), (first.Port, second.Port, third.Port));

        await Store.DeleteAsync(second.Id, second.Fence, Cancel);
        Assert.Equal(9094, (await ClaimAsync("d", firstPort: 9093)).Runner!.Port);
        Assert.Equal(9093, (await ClaimAsync("e", firstPort: 9093, instance: "instance-2")).Runner!.Port);
    }

    [Fact]
    public async Task Claim_ManyCountingPortsAtOnce_NoPortTwice()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 30)
            .Select(i => Task.Run(() => ClaimAsync($"owner-{i}", firstPort: 9093).AsTask())));

        Assert.Equal(Enumerable.Range(9093, 30), results.Select(result => result.Runner!.Port!.Value).Order());
    }

    [Fact]
    public async Task Claim_PortsHaveRunOut_IsFull()
    {
        Assert.Equal(65_535, (await ClaimAsync("a", firstPort: 65_535)).Runner!.Port);
        Assert.Equal((ClaimOutcome.Full, null), Pair(await ClaimAsync("b", firstPort: 65_535)));
        Assert.Null(await Store.ReserveIdleAsync(Reserve(firstPort: 65_535), 9, Cancel));
    }

    [Fact]
    public async Task MovePort_TakenOutside_GetsTheNextFreeAbove()
    {
        var first = (await ClaimAsync("a", firstPort: 9093)).Runner!;
        await ClaimAsync("b", firstPort: 9094);

        var moved = (await Store.MovePortAsync(first.Id, first.Fence, 9093, Cancel))!;

        Assert.Equal((9095, RunnerState.Creating), (moved.Port, moved.State));
        Assert.Equal(moved, await GetAsync(first));
        Assert.Equal(9093, (await ClaimAsync("c", firstPort: 9093)).Runner!.Port);
    }

    [Fact]
    public async Task MovePort_StaleAttachedOrPortsRunOut_IsRefused()
    {
        var creating = (await ClaimAsync("a", firstPort: 9093)).Runner!;
        Assert.Null(await Store.MovePortAsync(creating.Id, creating.Fence + 1, 9093, Cancel));
        Assert.Null(await Store.MovePortAsync("nobody", creating.Fence, 9093, Cancel));
        Assert.Null(await Store.MovePortAsync(creating.Id, creating.Fence, 65_535, Cancel));
        var leased = (await Store.AttachAsync(creating.Id, creating.Fence, Place(9093), Lease, Cancel))!;
        Assert.Null(await Store.MovePortAsync(leased.Id, leased.Fence, 9093, Cancel));
        Assert.Equal(9093, (await GetAsync(leased)).Port);
    }

    [Fact]
    public async Task Attach_WithReservedPort_KeepsItForItself()
    {
        var reserved = (await ClaimAsync("a", firstPort: 9093)).Runner!;

        Assert.Equal(9093, (await Store.AttachAsync(reserved.Id, reserved.Fence, Place(9093), Lease, Cancel))!.Port);
        Assert.Equal(9094, (await ClaimAsync("b", firstPort: 9093)).Runner!.Port);
    }

    [Fact]
    public async Task Attach_PlacementWithoutPort_KeepsTheReservedOne()
    {
        var reserved = (await ClaimAsync("a", firstPort: 9093)).Runner!;

        var leased = (await Store.AttachAsync(reserved.Id, reserved.Fence, Place(), Lease, Cancel))!;

        Assert.Equal((9093, null), (leased.Port, leased.Placement!.Port));
    }

    [Fact]
    public async Task Attach_EnginesPortIsInADeadRunnersRecord_IsAttachedAllTheSame()
    {
        var dead = await AddIdleAsync(port: 40_001);
        var deadMachine = (await ClaimAsync("m", firstPort: 40_002, template: "machine")).Runner!;

        var alive = await AddIdleAsync(port: 40_001);
        var another = await AddIdleAsync(port: 40_002);

        Assert.Equal((40_001, 40_002), (alive.Port, another.Port));
        Assert.Equal((40_001, 40_002), ((await GetAsync(dead)).Port, (await GetAsync(deadMachine)).Port));
        Assert.Equal(40_003, (await ClaimAsync("n", firstPort: 40_001, template: "machine")).Runner!.Port);
    }

    [Fact]
    public async Task Adopt_UnknownRunner_IsLeasedToItsOwner()
    {
        var found = Found(40_001);

        var adopted = (await Store.AdoptAsync(found, Owner.Session("a"), Lease, Cancel))!;

        Assert.Equal((RunnerState.Leased, Owner.Session("a")), (adopted.State, adopted.Owner));
        Assert.Equal(adopted.ContactAt + Lease, adopted.ExpiresAt);
        Assert.Equal((found.Id, found.Placement, 40_001), (adopted.Id, adopted.Placement, adopted.Port));
        Assert.Null(adopted.Token);
        Assert.True(adopted.Fence > 0);
        Assert.Equal(adopted, await GetAsync(adopted));
        Assert.Null((await Store.AdoptAsync(Found(40_002), Owner.Session("b"), null, Cancel))!.ExpiresAt);
    }

    [Fact]
    public async Task Adopt_IdOwnerOrPortKnown_IsRefused()
    {
        var known = await AddLeasedAsync("a");
        await AddIdleAsync(port: 40_001);

        Assert.Null(await Store.AdoptAsync(Found(40_009) with { Id = known.Id }, Owner.Session("b"), Lease, Cancel));
        Assert.Null(await Store.AdoptAsync(Found(40_009), Owner.Session("a"), Lease, Cancel));
        Assert.Null(await Store.AdoptAsync(Found(40_001), Owner.Session("b"), Lease, Cancel));
        Assert.Equal(2, (await Store.ListAsync(Instance, Cancel)).Count);
        Assert.NotNull(await Store.AdoptAsync(Found(null), Owner.Session("b"), Lease, Cancel));
        Assert.NotNull(await Store.AdoptAsync(Found(40_001) with { Instance = "instance-2" }, Owner.Session("c"), Lease, Cancel));
    }

    private Runner Found(int? port) => new()
    {
        Id = NewId(),
        Template = Template,
        Instance = Instance,
        State = RunnerState.Leased,
        Fence = 0,
        CreatedAt = Now,
        Port = port,
        Placement = Place(port),
    };
}
