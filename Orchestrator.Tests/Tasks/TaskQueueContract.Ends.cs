using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

/// <summary>What is kept of tasks that have ended, and for how long.</summary>
public abstract partial class TaskQueueContract
{
    [Fact]
    public async Task Purge_ForgetsWhatIsOldEnough()
    {
        Options.RetentionHours = Past.TotalHours;
        Options.DeadRetentionHours = 1;
        var done = await AddAsync(Spec() with { IdempotencyKey = "k" });
        var told = await AddAsync(Spec() with { Callback = new TaskCallback("http://localhost:1/") });
        var dead = await AddAsync();
        var claims = await ClaimAsync(3);
        await Queue.CompleteAsync(claims[0].Claim, "1", Cancel);
        await Queue.CompleteAsync(claims[1].Claim, "1", Cancel);
        await Queue.FailAsync(claims[2].Claim, "x", null, Cancel);
        var pending = await AddAsync();
        Assert.Equal(0, await Queue.PurgeAsync(Cancel));
        await PassAsync(Past + Past);

        Assert.Equal(1, await Queue.PurgeAsync(Cancel));

        Assert.Null(await Queue.GetAsync(done, Cancel));
        Assert.NotNull(await Queue.GetAsync(told, Cancel));
        Assert.NotNull(await Queue.GetAsync(dead, Cancel));
        Assert.NotNull(await Queue.GetAsync(pending, Cancel));
        Assert.NotEqual(done, await AddAsync(Spec() with { IdempotencyKey = "k" }));
        Assert.Equal(["t Complete 1", "t Failed 1", "t Pending 2"], await CountsAsync());
    }

    [Fact]
    public async Task Purge_ForgetsWhatHadStillToBeTold_OnceThatIsDone()
    {
        Options.RetentionHours = Past.TotalHours;
        var told = await AddAsync(Spec() with { Callback = new TaskCallback("http://localhost:1/") });
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, "1", Cancel);
        var forgotten = await AddAsync();
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, "2", Cancel);
        await PassAsync(Past + Past);
        var later = await AddAsync();
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, "3", Cancel);
        Assert.Equal(1, await Queue.PurgeAsync(Cancel));
        Assert.Null(await Queue.GetAsync(forgotten, Cancel));
        Assert.Equal([later], (await Queue.ListAsync(TaskPhase.Complete, 1, Cancel)).Select(task => task.Id));
        var callback = Assert.Single((await Outbox.ClaimCallbacksAsync(1, Long, Cancel)).Callbacks);
        Assert.True(await Outbox.SettleCallbackAsync(callback, null, Cancel));

        Assert.Equal(1, await Queue.PurgeAsync(Cancel));
        Assert.Null(await Queue.GetAsync(told, Cancel));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(100_000)]
    public async Task Complete_KeepsAResultOfAnyLength_AsItWasGiven(int length)
    {
        var result = string.Concat(Enumerable.Repeat("\"a b\" ", (length / 6) + 1))[..length];
        var id = await AddAsync();

        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, result, Cancel);

        Assert.Equal((TaskPhase.Complete, result), ((await GetAsync(id)).State, (await GetAsync(id)).Result));
        Assert.Equal([id], (await Queue.ListAsync(TaskPhase.Complete, 10, Cancel)).Where(task => task.Result == result).Select(task => task.Id));
    }
}
