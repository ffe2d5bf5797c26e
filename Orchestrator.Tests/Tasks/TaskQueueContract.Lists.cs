using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Tests.Tasks;

/// <summary>Lists in pages, and the bound of what tasks hold.</summary>
public abstract partial class TaskQueueContract
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task List_InPages_GivesEveryTaskOnceInOrder(int limit)
    {
        for (var i = 0; i < 28; i++)
        {
            await AddAsync(i % 9 == 0 ? Spec() with { RunAt = DateTimeOffset.UtcNow.AddYears(1) } : null);
            await PassAsync(i % 5 == 0 ? Moment : TimeSpan.Zero);
        }

        var claims = await ClaimAsync(18);
        foreach (var (index, claim) in claims.Index())
        {
            await (index switch
            {
                < 7 => (Task)Queue.CompleteAsync(claim.Claim, "1", Cancel).AsTask(),
                < 14 => Queue.FailAsync(claim.Claim, "no", null, Cancel).AsTask(),
                _ => Task.CompletedTask,
            });
            await PassAsync(index % 4 == 0 ? Moment : TimeSpan.Zero);
        }

        foreach (var id in (await ListAsync(TaskPhase.Pending)).Take(5).ToList())
        {
            await Queue.CancelAsync(id, Cancel);
        }

        foreach (TaskPhase? state in (TaskPhase?[])[null, TaskPhase.Pending, TaskPhase.Running, TaskPhase.Complete, TaskPhase.Failed, TaskPhase.Cancelled])
        {
            var whole = (await ListAsync(state, 1_000)).ToList();
            Assert.Equal(state switch { null => 28, TaskPhase.Complete or TaskPhase.Failed => 7, TaskPhase.Running => 4, _ => 5 }, whole.Count);
            Assert.Equal(whole, await Queue.ListPagesAsync(state, limit, Cancel));
        }
    }

    [Fact]
    public async Task List_WhereThePageEndedIsGone_GoesOn()
    {
        List<string> ids = [];
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await AddAsync());
            await PassAsync(Moment);
        }

        var pending = await Queue.ListAsync(new TaskQuery { State = TaskPhase.Pending, Limit = 2 }, Cancel);
        await Queue.CancelAsync(ids[4], Cancel);
        var more = await Queue.ListAsync(new TaskQuery { State = TaskPhase.Pending, Limit = 2, After = pending.Next }, Cancel);
        Assert.Equal([ids[3], ids[2]], more.Tasks.Select(task => task.Id));

        foreach (var claim in await ClaimAsync(5))
        {
            await Queue.FailAsync(claim.Claim, "no", null, Cancel);
            await PassAsync(Moment);
        }

        var dead = await Queue.ListAsync(new TaskQuery { State = TaskPhase.Failed, Limit = 2 }, Cancel);
        Assert.Equal(TaskChange.Done, await Queue.RetryAsync(dead.Tasks[1].Id, Cancel));
        more = await Queue.ListAsync(new TaskQuery { State = TaskPhase.Failed, Limit = 2, After = dead.Next }, Cancel);
        Assert.Equal([ids[2], ids[1]], more.Tasks.Select(task => task.Id));
    }

    [Fact]
    public async Task List_CarriesNoInputsAndTheResultsThatWereAskedFor()
    {
        var due = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        var spec = Spec($$"""{"i": "{{new string('x', 100_000)}},\"i\":"}""") with { RunAt = due, IdempotencyKey = ",\"i\":\"b\":" };
        await AddAsync(spec);
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, new string('7', 300), Cancel);
        await PassAsync(Moment);
        await AddAsync();
        await Queue.CompleteAsync((await ClaimAsync()).Single().Claim, "7", Cancel);

        foreach (var state in (TaskPhase?[])[null, TaskPhase.Complete])
        {
            Assert.Equal([(null, "{}"), (null, "{}")], await ResultsAsync(state, 0));
            Assert.Equal([("7", "{}"), (null, "{}")], await ResultsAsync(state, 299));
            Assert.Equal([("7", "{}"), (new string('7', 300), "{}")], await ResultsAsync(state, 300));
            var task = (await Queue.ListAsync(state, 2, Cancel))[1];
            Assert.Equal(spec with { Input = "{}" }, task.Spec);
        }

        async Task<IEnumerable<(string?, string)>> ResultsAsync(TaskPhase? state, int largest) =>
            (await Queue.ListAsync(new TaskQuery { State = state, Limit = 10, MaxResultBytes = largest }, Cancel)).Tasks
                .Select(task => (task.Result, task.Spec.Input));
    }

    [Fact]
    public async Task Enqueue_PastTheBytes_IsRefusedUntilTasksExpire()
    {
        Options.MaxStoredMiB = 1;
        Options.RetentionHours = Options.DeadRetentionHours = Past.TotalHours;
        var large = Spec($"\"{new string('x', 400_000)}\"");
        await AddAsync(large);
        await AddAsync(large);
        var refusal = await Assert.ThrowsAsync<TaskQueueFullException>(() => AddAsync(large));
        Assert.Contains("1 MiB", refusal.Message, StringComparison.Ordinal);
        var small = await AddAsync(Spec() with { IdempotencyKey = "k" });

        // What tasks end with is charged too; what a failed one ended with, until it is retried.
        var claims = await ClaimAsync(3);
        await Queue.CompleteAsync(claims[0].Claim, $"\"{new string('y', 300_000)}\"", Cancel);
        await Queue.FailAsync(claims[1].Claim, new string('z', 4_000), null, Cancel);
        await Queue.FailAsync(claims[2].Claim, "no", null, Cancel);
        await Assert.ThrowsAsync<TaskQueueFullException>(() => AddAsync());
        Assert.Equal(new EnqueueResult(small, true), await Queue.EnqueueAsync(Spec() with { IdempotencyKey = "k" }, Cancel));
        Assert.Equal(TaskChange.Done, await Queue.RetryAsync(claims[1].Claim.TaskId, Cancel));
        await Queue.CancelAsync(claims[1].Claim.TaskId, Cancel);

        await PassAsync(Past + Past);
        Assert.Equal(3, await Queue.PurgeAsync(Cancel));

        // Everything that was charged is given back, to the byte.
        var room = (1 << 20) - 200;
        await AddAsync(Spec($"\"{new string('x', room)}\""));
        await Assert.ThrowsAsync<TaskQueueFullException>(() => AddAsync(Spec($"\"{new string('x', 400)}\"")));
    }
}
