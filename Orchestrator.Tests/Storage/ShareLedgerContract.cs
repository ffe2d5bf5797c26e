using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

/// <summary>What every share ledger has to do.</summary>
public abstract class ShareLedgerContract : IAsyncLifetime
{
    private const string Hash = "00000000ffff0000000000000000000000000000000000000000000000000000";

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected IShareLedger Ledger { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Ledger = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens an empty ledger.</summary>
    private protected abstract ValueTask<IShareLedger> OpenAsync();

    /// <summary>The same ledger as another process, or another part of this one, sees it.</summary>
    private protected abstract ValueTask<IShareLedger> OpenAnotherAsync();

    /// <summary>Kills what is behind the ledger and opens it anew.</summary>
    private protected abstract ValueTask<IShareLedger> RestartAsync();

    /// <summary>Takes away what is behind the ledger.</summary>
    private protected abstract ValueTask BreakAsync();

    private protected abstract ValueTask CloseAsync();

    /// <summary>How many shares, rounds and workers the ledger holds, together.</summary>
    private protected abstract ValueTask<long> CountKeptAsync();

    [Fact]
    public async Task Read_EmptyLedger_IsZeros()
    {
        var audit = await Ledger.AuditAsync(Cancel);

        Assert.Equal(new LedgerTotals(default, 0, 0), audit.Totals);
        Assert.Equal(audit.Totals, await Ledger.GetTotalsAsync(Cancel));
        Assert.Empty(audit.Recent);
        Assert.Equal(default, await Ledger.CountRoundAsync(1, Cancel));
    }

    [Fact]
    public async Task Append_ValidAndInvalid_AreCountedForRoundAndInTotal()
    {
        Assert.Equal(new ShareAnswer(true, true), await Ledger.AppendAsync(Of("a", round: 3, worker: "w1"), true, Cancel));
        Assert.Equal(new ShareAnswer(false, true), await Ledger.AppendAsync(Of("b", round: 3, worker: "w2"), false, Cancel));
        Assert.Equal(new ShareAnswer(true, true), await Ledger.AppendAsync(Of("c", round: 2, worker: "w1"), true, Cancel));

        Assert.Equal(new ShareCounts(1, 1), await Ledger.CountRoundAsync(3, Cancel));
        Assert.Equal(new ShareCounts(1, 0), await Ledger.CountRoundAsync(2, Cancel));
        Assert.Equal(default, await Ledger.CountRoundAsync(1, Cancel));
        Assert.Equal(new LedgerTotals(new ShareCounts(2, 1), 2, 3), await Ledger.GetTotalsAsync(Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Append_SameIdAgain_IsTheFirstAnswerAndNothingElse(bool first)
    {
        await Ledger.AppendAsync(Of("same", round: 1, worker: "w1"), first, Cancel);
        var before = await Ledger.AuditAsync(Cancel);

        Assert.Equal(new ShareAnswer(first, false), await Ledger.AppendAsync(Of("same", round: 9, worker: "w2"), !first, Cancel));

        var after = await Ledger.AuditAsync(Cancel);
        Assert.Equal(before.Totals, after.Totals);
        Assert.Equal(before.Recent, after.Recent);
        Assert.Equal(default, await Ledger.CountRoundAsync(9, Cancel));
    }

    [Fact]
    public async Task Append_WorkerWhoseFirstShareWasNotCounted_CountsWithItsNext()
    {
        await Ledger.AppendAsync(Of("same", worker: "w1"), true, Cancel);
        await Ledger.AppendAsync(Of("same", worker: "w2"), true, Cancel);
        Assert.Equal(1, (await Ledger.GetTotalsAsync(Cancel)).UniqueWorkers);

        await Ledger.AppendAsync(Of("other", worker: "w2"), true, Cancel);
        await Ledger.AppendAsync(Of("third", worker: "w2"), false, Cancel);
        Assert.Equal(2, (await Ledger.GetTotalsAsync(Cancel)).UniqueWorkers);
    }

    [Fact]
    public async Task Append_IdsThatDifferByCaseOrSpace_AreDifferent()
    {
        foreach (var id in (string[])["id", "ID", "id ", "íd", "0", "00"])
        {
            Assert.True((await Ledger.AppendAsync(Of(id, worker: id), true, Cancel)).Counted);
        }

        Assert.Equal(6, (await Ledger.GetTotalsAsync(Cancel)).UniqueWorkers);
    }

    [Fact]
    public async Task Append_ManyAtOnceFromTwoSides_CountsEveryIdOnce()
    {
        const int Ids = 400;
        var other = await OpenAnotherAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            var counted = new List<ShareAnswer>();
            for (var i = 0; i < 60; i++)
            {
                var id = random.Next(Ids);
                var answer = await (client % 2 == 0 ? Ledger : other).AppendAsync(
                    Of($"id-{id}", round: id % 7, worker: $"w{id % 11}"), id % 3 != 0, Cancel);
                Assert.Equal(id % 3 != 0, answer.Valid);
                if (answer.Counted)
                {
                    counted.Add(answer);
                }
            }

            return counted;
        })));

        var all = answers.SelectMany(counted => counted).ToList();
        var expected = new ShareCounts(all.Count(answer => answer.Valid), all.Count(answer => !answer.Valid));
        var totals = await other.GetTotalsAsync(Cancel);
        Assert.InRange(all.Count, 300, Ids);
        Assert.Equal(new LedgerTotals(expected, 11, 6), totals);

        var perRound = await Task.WhenAll(Enumerable.Range(0, 7).Select(round => Ledger.CountRoundAsync(round, Cancel).AsTask()));
        Assert.Equal(expected, new ShareCounts(perRound.Sum(round => round.Valid), perRound.Sum(round => round.Invalid)));
    }

    [Fact]
    public async Task Audit_MoreThanTen_AreTheNewestTenAsTheyWereSent()
    {
        var sent = Enumerable.Range(0, 14).Select(i => Of(
            $"sub-{i}",
            round: i == 12 ? Submission.MaxNumber : i,
            worker: i == 13 ? "Zoë \"the\" worker 🦀" : $"w{i}",
            difficulty: ((double[])[1, 0.1, 1e-300, double.Epsilon, double.MaxValue, 14484.162361225399])[i % 6],
            header: i % 2 == 0 ? new string('A', 160) : null)).ToList();
        foreach (var (submission, i) in sent.Select((submission, i) => (submission, i)))
        {
            await Ledger.AppendAsync(submission, i % 2 == 0, Cancel);
        }

        var audit = await Ledger.AuditAsync(Cancel);

        Assert.Equal(sent.AsEnumerable().Reverse().Take(10), audit.Recent.Select(share => share.Submission));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => i % 2 != 0), audit.Recent.Select(share => share.Valid));
        Assert.All(audit.Recent.Zip(audit.Recent.Skip(1)), pair => Assert.True(pair.First.Timestamp >= pair.Second.Timestamp));
        Assert.Equal(new LedgerTotals(new ShareCounts(7, 7), 14, Submission.MaxNumber), audit.Totals);
    }

    [Fact]
    public async Task Append_OnlyAGreaterRound_IsTheNewest()
    {
        await Ledger.AppendAsync(Of("a", round: 10), false, Cancel);
        await Ledger.AppendAsync(Of("b", round: 9), true, Cancel);
        Assert.Equal(new LedgerTotals(new ShareCounts(1, 1), 1, 10), await Ledger.GetTotalsAsync(Cancel));

        await Ledger.AppendAsync(Of("c", round: Submission.MaxNumber), true, Cancel);
        Assert.Equal(Submission.MaxNumber, (await (await OpenAnotherAsync()).GetTotalsAsync(Cancel)).NewestRound);
    }

    [Fact]
    public async Task Append_InvalidSharesOfAnyNumber_AreKeptUpToTheBound()
    {
        const int More = 50;
        await Ledger.AppendAsync(Of("good", round: 1, worker: "honest"), true, Cancel);
        await Ledger.AppendAsync(Of("early", round: 2, worker: "late"), false, Cancel);
        // Each is of a worker and a round of its own.
        foreach (var chunk in Enumerable.Range(0, InvalidShares.Kept + More).Chunk(1_000))
        {
            await Task.WhenAll(chunk.Select(i => Ledger.AppendAsync(Of($"bad-{i}", round: 10 + i, worker: $"bad-{i}"), false, Cancel).AsTask()));
        }

        var expected = new ShareCounts(1, InvalidShares.Kept + More + 1);
        Assert.Equal(new LedgerTotals(expected, 1 + InvalidShares.Kept, 10 + InvalidShares.Kept + More - 1), await Ledger.GetTotalsAsync(Cancel));
        Assert.Equal(new ShareCounts(0, 1), await Ledger.CountRoundAsync(10 + More, Cancel));
        Assert.Equal((default, new ShareCounts(1, 0)), (await Ledger.CountRoundAsync(2, Cancel), await Ledger.CountRoundAsync(1, Cancel)));
        // The newest ids are known, the oldest count again; the id of a valid share is known for ever.
        Assert.False((await Ledger.AppendAsync(Of($"bad-{InvalidShares.Kept + More - 1}"), false, Cancel)).Counted);
        Assert.False((await Ledger.AppendAsync(Of("good"), true, Cancel)).Counted);
        Assert.True((await Ledger.AppendAsync(Of("early", round: 3, worker: "late"), true, Cancel)).Counted);

        // It had a place among the workers without a valid share, which is free now.
        Assert.Equal(1 + InvalidShares.Kept, (await Ledger.GetTotalsAsync(Cancel)).UniqueWorkers);
        await Ledger.AppendAsync(Of("next", worker: "next"), false, Cancel);
        Assert.Equal(2 + InvalidShares.Kept, (await Ledger.GetTotalsAsync(Cancel)).UniqueWorkers);
        Assert.True(await CountKeptAsync() <= (3 * InvalidShares.Kept) + 20, $"{await CountKeptAsync()}");
    }

    [Fact]
    public async Task Append_RoundWithAValidShare_IsCountedForEver()
    {
        await Ledger.AppendAsync(Of("first", round: 7), false, Cancel);
        await Ledger.AppendAsync(Of("second", round: 7), true, Cancel);
        foreach (var chunk in Enumerable.Range(100, InvalidShares.Kept + 1).Chunk(1_000))
        {
            await Task.WhenAll(chunk.Select(i => Ledger.AppendAsync(Of($"bad-{i}", round: i), false, Cancel).AsTask()));
        }

        Assert.Equal((new ShareCounts(1, 1), default), (await Ledger.CountRoundAsync(7, Cancel), await Ledger.CountRoundAsync(100, Cancel)));
    }

    [Fact]
    public async Task Restart_EverythingAnswered_IsThere()
    {
        for (var i = 0; i < 25; i++)
        {
            await Ledger.AppendAsync(Of($"sub-{i}", round: i % 2, worker: $"w{i % 4}"), i % 5 != 0, Cancel);
        }

        var before = await Ledger.AuditAsync(Cancel);

        var again = await RestartAsync();

        var after = await again.AuditAsync(Cancel);
        Assert.Equal(new LedgerTotals(new ShareCounts(20, 5), 4, 1), after.Totals);
        Assert.Equal(before.Recent, after.Recent);
        Assert.Equal(new ShareAnswer(false, false), await again.AppendAsync(Of("sub-5"), true, Cancel));
    }

    [Fact]
    public async Task AnyCall_LedgerOutOfReach_SaysSo()
    {
        await Ledger.AppendAsync(Of("a"), true, Cancel);
        await BreakAsync();

        // At once: each may take as long as a call has.
        await Task.WhenAll(((Func<Task>[])
        [
            () => Ledger.AppendAsync(Of("b"), true, Cancel).AsTask(),
            () => Ledger.CountRoundAsync(1, Cancel).AsTask(),
            () => Ledger.GetTotalsAsync(Cancel).AsTask(),
            () => Ledger.AuditAsync(Cancel).AsTask(),
        ]).Select(call => Assert.ThrowsAsync<StoreUnavailableException>(call)));
    }

    private protected static Submission Of(
        string id, long round = 1, string worker = "worker_1", double difficulty = 1, string? header = null) =>
        new(round, Hash, difficulty, 1, worker, id, header);
}
