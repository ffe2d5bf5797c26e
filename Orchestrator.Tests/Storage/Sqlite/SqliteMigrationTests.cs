using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Runners;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Tasks;

namespace Orchestrator.Tests.Storage.Sqlite;

/// <summary>A filled database of version 0.1 opens, and holds what it held, of the default tenant.</summary>
public sealed class SqliteMigrationTests : IDisposable
{
    // Version 0.1 knew these; the counts of runners were in the file up to the third.
    private const int Steps = 4;

    private const string Rows = """
        INSERT INTO runners (n, id, template, engine_id, state, fence, owner_kind, owner_id, expires_at, contact_at, created_at,
            idle_since, token, network, host_port, port_reserved, container_id, image, image_id, address, published_port) VALUES
            (1, 'made-for-a', 'session', 'e', 0, 101, 0, 'a', 9000, 1000, 1000, NULL, 't1', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL),
            (2, 'refill', 'session', 'e', 0, 102, NULL, NULL, 9000, NULL, 1001, NULL, 't2', 0, NULL, 0, NULL, NULL, NULL, NULL, NULL),
            (4, 'idle', 'session', 'e', 1, 103, NULL, NULL, NULL, NULL, 1002, 2000, 't3', 0, 40001, 0, 'c3', 'image', 'sha256:1', '172.17.0.3', 40001),
            (5, 'leased', 'session', 'e', 2, 104, 0, 'user:42', 200000000000000, 3000, 1003, NULL, 't4', 1, NULL, 0, 'c4', 'image', 'sha256:1', NULL, NULL),
            (6, 'machine', 'machine', 'e', 2, 105, 1, 'p1', NULL, 3000, 1004, NULL, NULL, 0, 9093, 1, 'c5', 'image', 'sha256:1', '172.17.0.5', 9093),
            (7, 'task', 'session', 'e', 3, 106, 2, 'task-1', NULL, 3000, 1005, NULL, 't6', 0, 40002, 0, 'c6', 'image', 'sha256:1', '172.17.0.6', 40002),
            (8, 'elsewhere', 'machine', 'other', 2, 107, 3, 'elsewhere', NULL, 3000, 1006, NULL, 't7', 0, 9093, 1, 'c7', 'image', 'sha256:1', '172.17.0.7', 9093);
        UPDATE fences SET reserved = 200;
        INSERT INTO tasks (id, type, spec, state, place, due_at, attempts, max_attempts, fence, worker, created_at, started_at,
            finished_at, result, error, idempotency_key, tells) VALUES
            ('pending', 'add', '{"t":"add","i":{},"b":"api","m":3,"k":"once"}', 0, 1, NULL, 0, 3, 0, NULL, 1000, NULL, NULL, NULL, NULL, 'once', 0),
            ('running', 'add', '{"t":"add","i":{},"b":"api","m":3}', 1, 2, 9007199254740991, 1, 3, 1, 'w', 1001, 2000, NULL, NULL, NULL, NULL, 0),
            ('complete', 'add', '{"t":"add","i":{"a":1},"b":"api","m":3}', 2, 3, NULL, 1, 3, 1, 'w', 1002, 2000, 3000, '7', NULL, 'done', 0),
            ('failed', 'add', '{"t":"add","i":{},"b":"api","m":1}', 3, 4, NULL, 1, 1, 1, 'w', 1003, 2000, 3000, NULL, 'No.', NULL, 0),
            ('cancelled', 'add', '{"t":"add","i":{},"b":"api","m":3}', 4, 5, NULL, 0, 3, 0, NULL, 1004, NULL, 3000, NULL, NULL, NULL, 0);
        """;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3)]
    [InlineData(Steps)]
    public async Task Open_FilledByTheVersionBefore_HoldsEveryRunnerAsItWas(int steps)
    {
        MakeFilled(steps);
        using var database = Open();
        var store = new SqliteRunnerStore(database, TimeProvider.System);

        // Who was making a runner is gone, so those reservations are over.
        Runner[] expected =
        [
            Runner("made-for-a", RunnerState.Creating, 101, 1000, "t1") with { Owner = Owner.Session("a"), ExpiresAt = At(0), ContactAt = At(1000) },
            Runner("refill", RunnerState.Creating, 102, 1001, "t2") with { ExpiresAt = At(0) },
            Runner("idle", RunnerState.Idle, 103, 1002, "t3") with { IdleSince = At(2000), Port = 40_001, Placement = Place(3, 40_001) },
            Runner("leased", RunnerState.Leased, 104, 1003, "t4") with
            {
                Owner = Owner.Session("user:42"),
                ExpiresAt = At(200_000_000_000_000),
                ContactAt = At(3000),
                Network = RunnerNetwork.None,
                Placement = Place(4, null),
            },
            Runner("machine", RunnerState.Leased, 105, 1004, null) with
            {
                Template = "machine",
                Owner = Owner.Machine("p1"),
                ContactAt = At(3000),
                Port = 9093,
                Placement = Place(5, 9093),
            },
            Runner("task", RunnerState.Removing, 106, 1005, "t6") with
            {
                Owner = new Owner(Tenant.Default, OwnerKind.Task, "task-1"),
                ContactAt = At(3000),
                Port = 40_002,
                Placement = Place(6, 40_002),
            },
        ];
        Assert.Equal(expected, await store.ListAsync("e", Cancel));
        Assert.Equal("elsewhere", Assert.Single(await store.ListAsync("other", Cancel)).Id);
        Assert.Equal(expected.Where(runner => runner.Owner is not null), await store.ListAsync("e", Tenant.Default, Cancel));
        Assert.Equal(new PoolCounts(1, 1, 1, 1, 1), await store.CountAsync("e", "session", Cancel));
    }

    [Fact]
    public async Task Open_FilledByTheVersionBefore_WorksOnWithItsRunners()
    {
        MakeFilled();
        using var database = Open();
        var store = new SqliteRunnerStore(database, TimeProvider.System);

        Assert.Equal("leased", (await store.TouchAsync("session", Owner.Session("user:42"), TimeSpan.FromMinutes(1), Cancel))!.Id);

        // Nobody knows what the idle one was made like.
        var other = await store.ClaimAsync(Wish("user:42", "new", new Tenant("acme")), Cancel);
        Assert.Equal((ClaimOutcome.Reserved, "new"), (other.Outcome, other.Runner!.Id));
        Assert.True(other.Runner.Fence > 200);
        Assert.Equal(("machine", 9094), await ReserveMachineAsync(store));
        foreach (var runner in (await store.ListAsync("e", Cancel)).Concat(await store.ListAsync("other", Cancel)))
        {
            Assert.True(await store.DeleteAsync(runner.Id, runner.Fence, Cancel));
        }

        Assert.Equal(default, await store.CountAsync("e", "session", Cancel));
    }

    [Fact]
    public async Task Open_FilledByTheVersionBefore_HoldsEveryTaskAsItWas()
    {
        MakeFilled();
        using var database = Open();
        var queue = new SqliteTaskQueue(database, new TasksOptions(), TimeProvider.System);

        var tasks = await queue.ListAsync(null, 100, Cancel);

        Assert.Equal(
            ["cancelled Cancelled 1004", "failed Failed 1003", "complete Complete 1002", "running Running 1001", "pending Pending 1000"],
            tasks.Select(task => $"{task.Id} {task.State} {task.CreatedAt.ToUnixTimeMilliseconds()}"));
        Assert.All(tasks, task => Assert.Equal(Tenant.Default, task.Spec.Tenant));
        Assert.Equal(("7", "No."), (tasks[2].Result, tasks[1].Error));
        var spec = new TaskSpecification { Type = "add", Input = "{}", InitiatedBy = "api", IdempotencyKey = "once" };
        Assert.Equal(new EnqueueResult("pending", true), await queue.EnqueueAsync(spec, Cancel));
        Assert.False((await queue.EnqueueAsync(spec with { Tenant = new Tenant("acme") }, Cancel)).Existing);
        Assert.Equal("pending", (await queue.ClaimAsync("w", 1, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim.TaskId);
    }

    [Fact]
    public async Task Open_Migrated_IsTheSameTheNextTime()
    {
        MakeFilled();
        IReadOnlyList<Runner> before;
        using (var database = Open())
        {
            before = await new SqliteRunnerStore(database, TimeProvider.System).ListAsync("e", Cancel);
        }

        using var again = Open();

        Assert.Equal(before, await new SqliteRunnerStore(again, TimeProvider.System).ListAsync("e", Cancel));
    }

    private SqliteDatabase Open() =>
        SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);

    private void MakeFilled(int steps = Steps)
    {
        Directory.CreateDirectory(_folder.Path);
        var file = Path.Combine(_folder.Path, "orchestrator.db");
        File.WriteAllBytes(file, []);
        using var connection = StoreConnection.Open(file);
        connection.Execute("PRAGMA journal_mode = WAL");
        foreach (var step in SqliteMigrations.All.Take(steps))
        {
            connection.Execute(step.Sql());
        }

        connection.Execute(Rows);
        connection.Execute(FormattableString.Invariant($"PRAGMA application_id = {SqliteFile.ApplicationId}; PRAGMA user_version = {steps};"));
    }

    private static async Task<(string?, int?)> ReserveMachineAsync(SqliteRunnerStore store)
    {
        var wish = Wish("p2", "new-machine", Tenant.Default);
        var reserved = (await store.ClaimAsync(
            wish with { Reservation = wish.Reservation with { Template = "machine", FirstPort = 9093 } }, Cancel)).Runner!;
        return (reserved.Template, reserved.Port);
    }

    private static ClaimRequest Wish(string session, string id, Tenant tenant) => new(
        Owner.Session(session, tenant), TimeSpan.FromMinutes(1), null, true,
        new Reservation(id, "session", "e", "plan", "token", RunnerNetwork.Bridge, null, TimeSpan.FromMinutes(1)));

    private static Runner Runner(string id, RunnerState state, long fence, long createdAt, string? token) => new()
    {
        Id = id,
        Template = "session",
        Instance = "e",
        State = state,
        Fence = fence,
        CreatedAt = At(createdAt),
        Token = token,
    };

    private static RunnerPlacement Place(int number, int? port) =>
        new($"c{number}", "image", "sha256:1", port is null ? null : $"172.17.0.{number}", port);

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
