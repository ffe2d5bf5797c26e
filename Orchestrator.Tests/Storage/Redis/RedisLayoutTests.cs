using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Runners;
using Orchestrator.Storage.Redis.Tasks;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Tasks;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>A Redis that version 0.1 filled is migrated by the first call, unless a process of that version is still there.</summary>
public sealed class RedisLayoutTests(RedisLayoutTests.Server server) : IAsyncLifetime, IClassFixture<RedisLayoutTests.Server>
{
    private const long Later = 4_000_000_000_000;

    private RedisConnection _redis = null!;
    private RedisConnection _raw = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RedisRunnerStore Store => new(_redis, TimeSpan.FromSeconds(30), TimeProvider.System);

    private string OldRunners => $"{{{_redis.KeyPrefix}}}:runners:1:";

    private string OldTasks => $"{{{_redis.KeyPrefix}}}:tasks:3:";

    public ValueTask InitializeAsync()
    {
        (_redis, _raw) = (server.Connect(), server.Connect());
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _raw.DisposeAsync();
    }

    [Fact]
    public async Task Runners_OfTheLayoutBefore_AreAsTheyWere()
    {
        await FillRunnersAsync();

        var listed = await Store.ListAsync("e", Cancel);

        Runner[] expected =
        [
            Runner("made-for-a", RunnerState.Creating, 101) with { Owner = Owner.Session("a"), ExpiresAt = At(Later), ContactAt = At(2000) },
            Runner("refill", RunnerState.Creating, 102) with { ExpiresAt = At(Later) },
            Runner("idle", RunnerState.Idle, 108) with { IdleSince = At(3000), Port = 40_001, Placement = Place(40_001) },
            Runner("leased", RunnerState.Leased, 107) with
            {
                Owner = Owner.Session("user:42"),
                ExpiresAt = At(Later),
                ContactAt = At(2000),
                Network = RunnerNetwork.None,
                Placement = Place(null),
            },
            Runner("machine", RunnerState.Leased, 106) with
            {
                Template = "machine",
                Owner = Owner.Machine("p1"),
                ContactAt = At(2000),
                Port = 9093,
                Placement = Place(9093),
            },
            Runner("task", RunnerState.Removing, 109) with { Owner = new Owner(Tenant.Default, OwnerKind.Task, "t"), ContactAt = At(2000) },
        ];
        Assert.Equal(expected, listed);
        Assert.Equal(expected.Where(runner => runner.Owner is not null), await Store.ListAsync("e", Tenant.Default, Cancel));
        Assert.Equal(new PoolCounts(1, 1, 1, 1, 1), await Store.CountAsync("e", "session", Cancel));
        Assert.Empty(await KeysAsync(OldRunners));
    }

    [Fact]
    public async Task Runners_OfTheLayoutBefore_WorkOnAndLeaveNothing()
    {
        await FillRunnersAsync();

        Assert.Equal("leased", (await Store.TouchAsync("session", Owner.Session("user:42"), TimeSpan.FromMinutes(1), Cancel))!.Id);
        // Nobody knows what the idle one was made like.
        var other = await Store.ClaimAsync(Wish(Owner.Session("user:42", new Tenant("acme")), "session"), Cancel);
        Assert.Equal(ClaimOutcome.Reserved, other.Outcome);
        var machine = await Store.ClaimAsync(Wish(Owner.Machine("p2"), "machine", 9093), Cancel);
        Assert.Equal(9094, machine.Runner!.Port);
        foreach (var runner in await Store.ListAsync("e", Cancel))
        {
            Assert.True(await Store.DeleteAsync(runner.Id, runner.Fence, Cancel));
        }

        Assert.Equal(
            ["counts:e:machine", "counts:e:session", "fence", "owned", "ports:e"], await KeysAsync($"{{{_redis.KeyPrefix}}}:runners:2:"));
    }

    [Fact]
    public async Task Runners_ALeaderOfTheVersionBefore_IsRefusedUntilItHasGone()
    {
        await FillRunnersAsync();
        await ExecuteAsync($"SET {OldRunners}leader:e 101 PX 60000");

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Store.ListAsync("e", Cancel));
        Assert.Contains("stop every such process", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _redis.PingAsync(Cancel));
        Assert.NotEmpty(await KeysAsync(OldRunners));

        await ExecuteAsync($"DEL {OldRunners}leader:e");
        Assert.Equal(6, (await Store.ListAsync("e", Cancel)).Count);
    }

    [Fact]
    public async Task Runners_OfBothLayouts_AreRefusedWithTheKeysToDelete()
    {
        await FillRunnersAsync();
        await ExecuteAsync($"SET {{{_redis.KeyPrefix}}}:runners:2:fence 200");

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Store.ListAsync("e", Cancel));

        Assert.Contains($"delete the keys that begin with '{OldRunners}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runners_ManyProcessesAtOnce_MigrateOnce()
    {
        await FillRunnersAsync();
        var processes = Enumerable.Range(0, 8).Select(_ => server.Connect(_redis.KeyPrefix)).ToList();

        var listed = await Task.WhenAll(processes.Select(
            redis => new RedisRunnerStore(redis, TimeSpan.FromSeconds(30), TimeProvider.System).ListAsync("e", Cancel).AsTask()));

        Assert.All(listed, runners => Assert.Equal(6, runners.Count));
        foreach (var redis in processes)
        {
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task Tasks_OfTheLayoutBefore_AreAsTheyWereAndWorkOn()
    {
        const string spec = """3 {"t":"add","i":{},"b":"api","m":3}""";
        await ExecuteAsync(
            $"""HSET {OldTasks}heads a "p 0 0 0 add 1000 - - -" b "r 1 1 0 add 1001 2000 w -" c "c 1 1 0 add 1002 2000 w 3000 7" """,
            $$"""HSET {{OldTasks}}specs a '3 {"t":"add","i":{},"b":"api","m":3,"k":"at once"}' b '{{spec}}' c '{{spec}}'""",
            $"RPUSH {OldTasks}pending a",
            $"ZADD {OldTasks}leases {Later} b",
            $"RPUSH {OldTasks}complete c",
            $"HSET {OldTasks}ids \"at once\" a",
            $"HSET {OldTasks}keyed a \"at once\"",
            $"HSET {OldTasks}counts padd 1 radd 1 cadd 1");
        var queue = new RedisTaskQueue(_redis, new TasksOptions { RetentionHours = 1 });

        var tasks = await queue.ListAsync(null, 10, Cancel);

        Assert.Equal(["c Complete 7", "b Running ", "a Pending "], tasks.Select(task => $"{task.Id} {task.State} {task.Result}"));
        Assert.All(tasks, task => Assert.Equal(Tenant.Default, task.Spec.Tenant));
        Assert.Equal(3, (await queue.CountAsync(Cancel)).Sum(count => count.Count));
        var wish = new TaskSpecification { Type = "add", Input = "{}", InitiatedBy = "api", IdempotencyKey = "at once" };
        Assert.Equal(new EnqueueResult("a", true), await queue.EnqueueAsync(wish, Cancel));
        Assert.False((await queue.EnqueueAsync(wish with { Tenant = new Tenant("acme") }, Cancel)).Existing);
        var claim = (await queue.ClaimAsync("w", 1, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim;
        Assert.Equal("a", claim.TaskId);
        Assert.True(await queue.CompleteAsync(claim, "3", Cancel));
        Assert.Equal(1, await queue.PurgeAsync(Cancel));
        Assert.Empty(await KeysAsync(OldTasks));
    }

    [Fact]
    public async Task Tasks_OfBothLayouts_AreRefusedWithTheKeysToDelete()
    {
        await ExecuteAsync($"HSET {OldTasks}counts padd 0", $"HSET {{{_redis.KeyPrefix}}}:tasks:4:counts padd 0");
        var queue = new RedisTaskQueue(_redis, new TasksOptions());

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await queue.ListAsync(null, 10, Cancel));

        Assert.Contains($"delete the keys that begin with '{OldTasks}'", refusal.Message, StringComparison.Ordinal);
    }

    // As the scripts of version 0.1 leave it.
    private Task FillRunnersAsync()
    {
        const string placement = """ '{"ContainerId":"c","Image":"image","ImageId":"sha256:1" """;
        var (idle, isolated, machine) = (
            placement.TrimEnd() + ""","Address":"172.17.0.2","HostPort":40001}'""",
            placement.TrimEnd() + "}'",
            placement.TrimEnd() + ""","Address":"172.17.0.2","HostPort":9093}'""");
        string Runner(string id, string template, int state, int fence, string more) =>
            $"HSET {OldRunners}runner:{id} template {template} engine e state {state} fence {fence} made 1000 token token {more}";
        return ExecuteAsync(
            Runner("made-for-a", "session", 0, 101, $"network 0 kind 0 owner a expires {Later} contact 2000"),
            Runner("refill", "session", 0, 102, $"network 0 expires {Later}"),
            Runner("idle", "session", 1, 108, $"network 0 idle 3000 port 40001 placement{idle}"),
            Runner("leased", "session", 2, 107, $"network 1 kind 0 owner user:42 expires {Later} contact 2000 placement{isolated}"),
            Runner("machine", "machine", 2, 106, $"network 0 kind 1 owner p1 contact 2000 port 9093 placement{machine}"),
            Runner("task", "session", 3, 109, "network 0 kind 2 owner t contact 2000"),
            $"SET {OldRunners}fence 109",
            $"HSET {OldRunners}owners:session 0a made-for-a 0user:42 leased 2t task",
            $"HSET {OldRunners}owners:machine 1p1 machine",
            $"HSET {OldRunners}owned session 2 machine 1",
            $"ZADD {OldRunners}engine:e 101 made-for-a 102 refill 103 idle 104 leased 105 machine 106 task",
            $"ZADD {OldRunners}idle:e:session 108 idle",
            $"ZADD {OldRunners}expiring:e {Later} made-for-a {Later} refill {Later} leased",
            $"HSET {OldRunners}counts:e:session idle 1 refilling 1 creating 1 leased 1 removing 1",
            $"HSET {OldRunners}counts:e:machine leased 1 creating 0",
            $"SETBIT {OldRunners}ports:e 40001 1",
            $"SETBIT {OldRunners}ports:e 9093 1",
            $"HSET {OldRunners}port-users:e 40001 1 9093 1");
    }

    private async Task ExecuteAsync(params string[] commands)
    {
        foreach (var command in commands)
        {
            var words = Words(command);
            await _raw.CallAsync(database => database.ExecuteAsync(words[0], [.. words.Skip(1)]));
        }
    }

    // As redis-cli reads a line: words, and texts between ' or ".
    private static List<string> Words(string line)
    {
        List<string> words = [];
        for (var rest = line.AsSpan().Trim(); rest.Length > 0; rest = rest.TrimStart())
        {
            var quoted = rest[0] is '\'' or '"';
            var end = quoted ? rest[1..].IndexOf(rest[0]) + 1 : rest.IndexOf(' ');
            end = end < 0 ? rest.Length : end;
            words.Add((quoted ? rest[1..end] : rest[..end]).ToString());
            rest = rest[(quoted ? end + 1 : end)..];
        }

        return words;
    }

    private async Task<IEnumerable<string>> KeysAsync(string root)
    {
        var keys = (string[])(await _raw.CallAsync(database => database.ExecuteAsync("KEYS", root + "*")))!;
        return keys.Select(key => key[root.Length..]).Order(StringComparer.Ordinal);
    }

    private static ClaimRequest Wish(Owner owner, string template, int? firstPort = null) => new(
        owner, TimeSpan.FromMinutes(1), null, true,
        new Reservation($"new-{template}", template, "e", "plan", "token", RunnerNetwork.Bridge, firstPort, TimeSpan.FromSeconds(30)));

    private static Runner Runner(string id, RunnerState state, long fence) => new()
    {
        Id = id,
        Template = "session",
        Instance = "e",
        State = state,
        Fence = fence,
        CreatedAt = At(1000),
        Token = "token",
    };

    private static RunnerPlacement Place(int? port) => new("c", "image", "sha256:1", port is null ? null : "172.17.0.2", port);

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public sealed class Server() : SharedRedisServer(RedisServer.Redis);
}
