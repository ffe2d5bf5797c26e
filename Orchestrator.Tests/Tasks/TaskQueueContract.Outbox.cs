using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

// Ends that somebody wants to hear of.
public abstract partial class TaskQueueContract
{
    [Fact]
    public async Task Outbox_TellsEveryEndOnce_UnlessTheAttemptIsLost()
    {
        var callback = new TaskCallback("http://localhost:1/");
        string[] ids =
        [
            await AddAsync(Spec() with { Callback = callback }),
            await AddAsync(Spec() with { Callback = callback }),
            await AddAsync(),
        ];
        var claims = await ClaimAsync(3);
        Assert.Empty((await Outbox.ClaimCallbacksAsync(9, Long, Cancel)).Callbacks);
        await Queue.CompleteAsync(claims[0].Claim, "1", Cancel);
        await Queue.FailAsync(claims[1].Claim, "no", null, Cancel);
        await Queue.CompleteAsync(claims[2].Claim, "1", Cancel);

        var due = (await Outbox.ClaimCallbacksAsync(9, Visibility, Cancel)).Callbacks;
        Assert.Equal(ids[..2].Order(), due.Select(one => one.Task.Id).Order());
        Assert.All(due, one => Assert.Equal(1, one.Attempt));
        var complete = due.Single(one => one.Task.Id == ids[0]);
        Assert.Equal((TaskPhase.Complete, "1", callback), (complete.Task.State, complete.Task.Result, complete.Task.Spec.Callback));

        Assert.True(await Outbox.SettleCallbackAsync(complete, null, Cancel));
        Assert.False(await Outbox.SettleCallbackAsync(complete, null, Cancel));
        Assert.Empty((await Outbox.ClaimCallbacksAsync(9, Visibility, Cancel)).Callbacks);
        await PassAsync(Past);

        var again = (await Outbox.ClaimCallbacksAsync(9, Long, Cancel)).Callbacks.Single();
        Assert.Equal((ids[1], 2), (again.Task.Id, again.Attempt));
        Assert.True(again.Age >= Past);
        Assert.False(await Outbox.SettleCallbackAsync(due.Single(one => one.Task.Id == ids[1]), null, Cancel));
        Assert.True(await Outbox.SettleCallbackAsync(again, Visibility, Cancel));
        Assert.InRange((await Outbox.ClaimCallbacksAsync(9, Long, Cancel)).NextDue!.Value, TimeSpan.Zero, Visibility);
        await PassAsync(Past);
        Assert.True(await Outbox.SettleCallbackAsync((await Outbox.ClaimCallbacksAsync(9, Long, Cancel)).Callbacks.Single(), null, Cancel));
        Assert.Null((await Outbox.ClaimCallbacksAsync(9, Long, Cancel)).NextDue);
    }

    [Fact]
    public async Task Retry_WhileTheFailureIsTold_TellsTheNewEnd()
    {
        var id = await AddAsync(Spec() with { Callback = new TaskCallback("http://localhost:1/") });
        await Queue.FailAsync((await ClaimAsync()).Single().Claim, "no", null, Cancel);
        var failure = (await Outbox.ClaimCallbacksAsync(1, Long, Cancel)).Callbacks.Single();
        await Queue.RetryAsync(id, Cancel);
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, "1", Cancel);

        Assert.False(await Outbox.SettleCallbackAsync(failure, null, Cancel));

        var end = (await Outbox.ClaimCallbacksAsync(1, Long, Cancel)).Callbacks.Single();
        Assert.Equal((TaskPhase.Complete, "1"), (end.Task.State, end.Task.Result));
    }
}
