using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>
/// Valkey runs every script of each store once, where Redis has the whole contracts: claims, lives, ports and leadership
/// of runners; the life of a task with its retries and callbacks; the counting of shares. End to end,
/// <see cref="EndToEnd.TaskDocumentTests"/> has an API and a worker on Valkey.
/// </summary>
public sealed class ValkeySmokeTests(ValkeySmokeTests.Server server) : IClassFixture<ValkeySmokeTests.Server>
{
    [Fact]
    public Task Runners_Claims() => HoldAsync(
        () => new Runners(server),
        store => store.Claim_IdleRunner_IsLeasedWarm(),
        store => store.Claim_FiftyOwnersOnTwentyIdleWithALimit_NobodySharesAndTheLimitHolds(),
        store => store.ReserveIdle_ManyAtOnce_StopAtTheTarget(),
        store => store.MovePort_TakenOutside_GetsTheNextFreeAbove(),
        store => store.Adopt_UnknownRunner_IsLeasedToItsOwner());

    [Fact]
    public Task Runners_Lives() => HoldAsync(
        () => new Runners(server),
        store => store.Attach_WithOwner_IsLeasedFromNow(),
        store => store.Touch_LeasedRunner_LivesOn(),
        store => store.Extend_ActivityAfterContact_MovesTheDeadlineButNotTheContact(),
        store => store.Expire_DeadlinePassed_TakesItOutOfUse(),
        store => store.RenewAll_LiveLeases_GetOneFullLeaseTime(),
        store => store.Return_LeasedRunner_IsIdleAgainAndNobodys(),
        store => store.BeginRemove_EveryState_IsRemovingAndKeepsItsOwner(),
        store => store.Everything_Gone_LeavesNoKeysButFenceCountsAndPorts());

    [Fact]
    public Task Runners_Instances() => HoldAsync(
        () => new Runners(server),
        store => store.Release_OwnTerm_LetsTheNextLeadAtOnce(),
        store => store.Term_Over_EveryChangeOfItsStoreIsRefusedAndChangesNothing(),
        store => store.Changes_OfAnotherInstance_AreTold(),
        store => store.List_MoreThanAPage_IsWholeAndOldestFirst());

    [Fact]
    public Task Tasks_Lives() => HoldAsync(
        () => new Tasks(),
        queue => queue.Enqueue_ThenGet_GivesThePendingTaskAsItWasAskedFor(),
        queue => queue.Extend_KeepsTheClaim(),
        queue => queue.Count_FollowsEveryChange(),
        queue => queue.Purge_ForgetsWhatIsOldEnough(),
        queue => queue.Outbox_TellsEveryEndOnce_UnlessTheAttemptIsLost(),
        queue => queue.OnWork_IsCalledForEveryChange_UntilItEnds(),
        queue => queue.ManyAtOnce_EveryTaskEndsOnce());

    [Fact]
    public Task Shares_Counts() => HoldAsync(
        () => new Shares(),
        ledger => ledger.Append_ValidAndInvalid_AreCountedForRoundAndInTotal(),
        ledger => ledger.Audit_MoreThanTen_AreTheNewestTenAsTheyWereSent(),
        ledger => ledger.Append_OnlyAGreaterRound_IsTheNewest());

    private static async Task HoldAsync<T>(Func<T> open, params Func<T, Task>[] rules)
        where T : IAsyncLifetime
    {
        foreach (var rule in rules)
        {
            await using var contract = open();
            await contract.InitializeAsync();
            await rule(contract);
        }
    }

    public sealed class Server() : SharedRedisServer(RedisServer.Valkey);

#pragma warning disable xUnit1000 // Not discovered on purpose: the facts above call what they need of the contract.
    private sealed class Runners(SharedRedisServer server) : RedisRunnerStoreContract(server);

    private sealed class Tasks() : RedisTaskQueueContract(RedisServer.Valkey);

    private sealed class Shares() : RedisShareLedgerContract(RedisServer.Valkey);
#pragma warning restore xUnit1000
}
