using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

public abstract partial class TaskQueueContract
{
    [Fact]
    public async Task Claim_GivesTasksInOrder_EachOnce()
    {
        string[] ids = [await AddAsync(), await AddAsync(), await AddAsync()];

        var first = await ClaimAsync(2);
        var second = await ClaimAsync(2);

        Assert.Equal(ids[..2], first.Select(task => task.Claim.TaskId));
        Assert.Equal(ids[2..], second.Select(task => task.Claim.TaskId));
        Assert.All(first, task => Assert.Equal(1, task.Attempt));
        Assert.Empty((await Queue.ClaimAsync("w", 2, Long, Cancel)).Tasks);
        var running = await GetAsync(ids[0]);
        Assert.Equal((TaskPhase.Running, "w", 1), (running.State, running.HandledBy, running.Attempts));
        Assert.NotNull(running.StartedAt);
    }

    [Fact]
    public async Task Complete_WritesTheResultOnce()
    {
        var id = await AddAsync();
        var claim = (await ClaimAsync()).Single().Claim;

        Assert.True(await Queue.CompleteAsync(claim, """{"sum":"3"}""", Cancel));
        Assert.True(await Queue.CompleteAsync(claim, "4", Cancel));
        Assert.Equal(FailOutcome.Stale, await Queue.FailAsync(claim, "late", null, Cancel));
        Assert.False(await Queue.ReleaseAsync(claim, Cancel));

        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Complete, """{"sum":"3"}""", "w"), (task.State, task.Result, task.HandledBy));
        Assert.True(task.FinishedAt >= task.StartedAt && task.StartedAt >= task.CreatedAt);
        Assert.Empty(await ClaimAsync());
    }

    [Fact]
    public async Task Claim_PastTheVisibility_GoesToTheNextAndTheFirstChangesNothing()
    {
        var id = await AddAsync();
        var hung = (await ClaimAsync(visibility: Visibility)).Single();
        Assert.Empty((await Queue.ClaimAsync("other", 1, Long, Cancel)).Tasks);
        await PassAsync(Past);

        var taken = (await Queue.ClaimAsync("other", 1, Long, Cancel)).Tasks.Single();

        Assert.Equal((id, 2), (taken.Claim.TaskId, taken.Attempt));
        Assert.True(taken.Claim.Fence > hung.Claim.Fence);
        Assert.False(await Queue.CompleteAsync(hung.Claim, "1", Cancel));
        Assert.Equal(FailOutcome.Stale, await Queue.FailAsync(hung.Claim, "late", TimeSpan.Zero, Cancel));
        Assert.False(await Queue.ReleaseAsync(hung.Claim, Cancel));
        Assert.Equal([false, true], await Queue.ExtendAsync([hung.Claim, taken.Claim], Long, Cancel));
        Assert.Equal((TaskPhase.Running, "other"), ((await GetAsync(id)).State, (await GetAsync(id)).HandledBy));
        Assert.True(await Queue.CompleteAsync(taken.Claim, "2", Cancel));
        Assert.False(await Queue.CompleteAsync(hung.Claim, "1", Cancel));
        Assert.Equal("2", (await GetAsync(id)).Result);
    }

    [Fact]
    public async Task Claim_AbandonedOnItsLastAttempt_HasFailed()
    {
        var id = await AddAsync(Spec() with { MaxAttempts = 1 });
        await ClaimAsync(visibility: Visibility);
        await PassAsync(Past);

        Assert.Empty(await ClaimAsync());

        var task = await GetAsync(id);
        Assert.Equal(TaskPhase.Failed, task.State);
        Assert.Contains("no heartbeat", task.Error);
        Assert.NotNull(task.FinishedAt);
    }

    [Fact]
    public async Task Claim_ManyAbandoned_ComeBackInTheirOrder()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await AddAsync());
            await PassAsync(Moment);
        }

        await ClaimAsync(3, Visibility);
        await PassAsync(Past);

        Assert.Equal(ids, (await ClaimAsync(9)).Select(task => task.Claim.TaskId));
    }

    [Fact]
    public async Task Claim_Nothing_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Queue.ClaimAsync("w", 0, Long, Cancel).AsTask());

    [Fact]
    public async Task Claim_NothingThere_TellsWhenSomethingFallsDue()
    {
        Assert.Null((await Queue.ClaimAsync("w", 1, Long, Cancel)).NextDue);
        await AddAsync();
        await ClaimAsync(visibility: Visibility);

        var due = (await Queue.ClaimAsync("w", 1, Long, Cancel)).NextDue;

        Assert.NotNull(due);
        Assert.InRange(due.Value, TimeSpan.Zero, Visibility);
    }

    [Fact]
    public async Task Claim_AsManyAsAskedFor_TellsThatThereMayBeMore()
    {
        await AddAsync();
        await AddAsync();

        Assert.Equal(TimeSpan.Zero, (await Queue.ClaimAsync("w", 1, Long, Cancel)).NextDue);
        Assert.InRange((await Queue.ClaimAsync("w", 2, Long, Cancel)).NextDue!.Value, Long / 2, Long);
    }

    [Theory]
    [InlineData("a type with spaces", "a worker with spaces")]
    [InlineData("100%25", "-")]
    [InlineData("größer", "工人")]
    public async Task Names_OfAnyText_ComeBackAsTheyWere(string type, string worker)
    {
        var id = await AddAsync(Spec() with { Type = type });
        var claim = (await Queue.ClaimAsync(worker, 1, Long, Cancel)).Tasks.Single();
        await Queue.CompleteAsync(claim.Claim, "1", Cancel);

        var task = await GetAsync(id);

        Assert.Equal((type, type, worker), (claim.Spec.Type, task.Spec.Type, task.HandledBy));
        Assert.Equal([new TaskCount(type, TaskPhase.Complete, 1)], (await Queue.CountAsync(Cancel)).Where(one => one.Count != 0));
    }

    [Fact]
    public async Task Settle_OneClaimManyTimesAtOnce_EndsItOnce()
    {
        var id = await AddAsync(Spec() with { MaxAttempts = 5 });
        var claim = (await ClaimAsync()).Single().Claim;

        var completed = Enumerable.Range(0, 20).Select(i => Queue.CompleteAsync(claim, $"{i}", Cancel).AsTask()).ToList();
        var failed = await Queue.FailAsync(claim, "no", TimeSpan.Zero, Cancel);
        var released = await Queue.ReleaseAsync(claim, Cancel);

        Assert.All(await Task.WhenAll(completed), Assert.True);
        Assert.Equal((FailOutcome.Stale, false), (failed, released));
        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Complete, "0", null), (task.State, task.Result, task.Error));
    }

    [Fact]
    public async Task Extend_KeepsTheClaim()
    {
        await AddAsync();
        var claim = (await ClaimAsync(visibility: Visibility)).Single().Claim;

        Assert.Equal([true], await Queue.ExtendAsync([claim], Long, Cancel));
        await PassAsync(Past);

        Assert.Empty(await ClaimAsync());
        Assert.True(await Queue.CompleteAsync(claim, "1", Cancel));
        Assert.Equal([false], await Queue.ExtendAsync([claim], Long, Cancel));
        Assert.Empty(await Queue.ExtendAsync([], Long, Cancel));
    }

    [Fact]
    public async Task Fail_WithAttemptsLeft_ComesAgainAfterThePause()
    {
        var id = await AddAsync(Spec() with { MaxAttempts = 2 });
        var claim = (await ClaimAsync()).Single().Claim;

        Assert.Equal(FailOutcome.Retrying, await Queue.FailAsync(claim, "first", Visibility, Cancel));
        Assert.Empty(await ClaimAsync());
        Assert.Equal((TaskPhase.Pending, "first"), ((await GetAsync(id)).State, (await GetAsync(id)).Error));
        await PassAsync(Past);
        var again = (await ClaimAsync()).Single();
        Assert.Equal(2, again.Attempt);
        Assert.Equal(FailOutcome.Dead, await Queue.FailAsync(again.Claim, "second", Visibility, Cancel));

        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Failed, "second", 2), (task.State, task.Error, task.Attempts));
        Assert.NotNull(task.FinishedAt);
    }

    [Fact]
    public async Task Fail_WithoutRetry_IsDeadAtOnce()
    {
        var id = await AddAsync();

        Assert.Equal(FailOutcome.Dead, await Queue.FailAsync((await ClaimAsync()).Single().Claim, "no", null, Cancel));

        Assert.Equal(TaskPhase.Failed, (await GetAsync(id)).State);
        Assert.Empty(await ClaimAsync());
    }

    [Fact]
    public async Task Retry_Failed_StartsAnewWithAllAttempts()
    {
        var id = await AddAsync(Spec() with { MaxAttempts = 1 });
        var first = (await ClaimAsync()).Single().Claim;
        Assert.Equal(TaskChange.Refused, await Queue.RetryAsync(id, Cancel));
        await Queue.FailAsync(first, "no", null, Cancel);

        Assert.Equal(TaskChange.Done, await Queue.RetryAsync(id, Cancel));

        var task = await GetAsync(id);
        Assert.Equal((TaskPhase.Pending, 0, null, null), (task.State, task.Attempts, task.Error, task.FinishedAt));
        var again = (await ClaimAsync()).Single();
        Assert.Equal(1, again.Attempt);
        Assert.True(again.Claim.Fence > first.Fence);
        Assert.False(await Queue.CompleteAsync(first, "late", Cancel));
        Assert.True(await Queue.CompleteAsync(again.Claim, "1", Cancel));
        Assert.Equal(TaskChange.Refused, await Queue.RetryAsync(id, Cancel));
        Assert.Equal(TaskChange.Unknown, await Queue.RetryAsync("nobody", Cancel));
    }

    [Fact]
    public async Task Release_IsTheNextOneAndCountsNoAttempt()
    {
        var id = await AddAsync();
        await AddAsync();
        var claim = (await ClaimAsync()).Single().Claim;

        Assert.True(await Queue.ReleaseAsync(claim, Cancel));

        Assert.Equal((TaskPhase.Pending, 0), ((await GetAsync(id)).State, (await GetAsync(id)).Attempts));
        Assert.False(await Queue.CompleteAsync(claim, "1", Cancel));
        var again = (await ClaimAsync()).Single();
        Assert.Equal((id, 1), (again.Claim.TaskId, again.Attempt));
        Assert.True(again.Claim.Fence > claim.Fence);
    }
}
