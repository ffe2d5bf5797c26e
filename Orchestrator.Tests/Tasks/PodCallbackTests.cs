using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Tasks;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Worker.Callbacks;
using Orchestrator.Worker.Pod;

namespace Orchestrator.Tests.Tasks;

/// <summary>Where the pod posts the ends of its tasks, and what: docs/contract/contract.md, section Pod, literally.</summary>
public sealed class PodCallbackTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Host =>
        File.Exists("/.dockerenv") || Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is "true" or "1" ? "host.docker.internal" : "localhost";

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void CallbackFor_NothingConfigured_IsTheDocumentsAddress(string? configured)
    {
        var pod = new PodOptions { CallbackUrl = configured };

        Assert.Equal(
            new TaskCallback($"http://{Host}:30017/task/task-7/submit-to-js", CallbackShape.Pod, "task-7", "todo-1"),
            pod.CallbackFor("task-7", "todo-1"));
        Assert.Equal(
            new TaskCallback("http://localhost:3000/submit-to-js", CallbackShape.Pod, "TESTING_TASK_ID", "todo-1"),
            pod.CallbackFor("TESTING_TASK_ID", "todo-1"));
    }

    [Theory]
    [InlineData("TESTING_TASK_ID")]
    [InlineData("task-7")]
    public void CallbackFor_AddressConfigured_IsItForEveryTask(string taskId)
    {
        var pod = new PodOptions { CallbackUrl = "http://node.example:9/{todoId}/of/{task_id}" };

        Assert.Equal($"http://node.example:9/todo-1/of/{taskId}", pod.CallbackFor(taskId, "todo-1").Url);
    }

    [Fact]
    public async Task Send_FailedTask_PostsTheMessageAndBothIds()
    {
        var (path, body) = await PostedAsync(async (queue, _) =>
        {
            var claim = (await queue.ClaimAsync("w", 1, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim;
            Assert.Equal(FailOutcome.Dead, await queue.FailAsync(claim, "It said \"no\" – für immer.", null, Cancel));
        });

        Assert.Equal("/task/task-7/submit-to-js", path);
        Assert.Equal("""{"success":false,"message":"It said \"no\" – für immer.","result":{"task_id":"task-7","todoId":"todo-1"}}""", body);
    }

    [Fact]
    public async Task Send_CancelledTask_IsAFailureToo()
    {
        var (_, body) = await PostedAsync(async (queue, id) => Assert.Equal(TaskChange.Done, await queue.CancelAsync(id, Cancel)));

        Assert.Equal("""{"success":false,"message":"The task was cancelled.","result":{"task_id":"task-7","todoId":"todo-1"}}""", body);
    }

    [Fact]
    public async Task Send_CompleteTask_PostsTheResultAndBothIds()
    {
        var (_, body) = await PostedAsync(async (queue, _) =>
        {
            var claim = (await queue.ClaimAsync("w", 1, TimeSpan.FromMinutes(1), Cancel)).Tasks.Single().Claim;
            Assert.True(await queue.CompleteAsync(claim, "55", Cancel));
        });

        Assert.Equal("""{"success":true,"result":{"task_id":"task-7","result":55,"todoId":"todo-1"}}""", body);
    }

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("172.31.255.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("fd00::7")]
    [InlineData("::ffff:10.0.0.7")]
    [InlineData("64:ff9b::a00:7")]
    [InlineData("2002:a00:7::1")]
    [InlineData("93.184.215.14,192.168.1.1")]
    public async Task Send_CallersNameOfAPrivateAddress_IsRefusedUnlessAllowed(string addresses)
    {
        var refused = await SendAsync(new CallbackOptions { Allowed = ["node.example:1"] }, "http://node.example:1/", CallbackShape.Status, addresses);
        Assert.Equal((false, false), (refused.Delivered, refused.Retry));
        Assert.Equal("node.example resolves to a private address, which Callbacks:AllowPrivate=true allows.", refused.Reason);
    }

    [Theory]
    [InlineData(true, "node.example", CallbackShape.Status)]
    [InlineData(false, "localhost", CallbackShape.Status)]
    [InlineData(false, "host.docker.internal", CallbackShape.Status)]
    [InlineData(false, "node.example", CallbackShape.Pod)]
    public async Task Send_PrivateAddressThatTheOperatorMeans_IsConnectedTo(bool allow, string host, CallbackShape shape)
    {
        // Nothing listens on this port of this machine's private address: an allowed connection is refused.
        var sent = await SendAsync(
            new CallbackOptions { Allowed = [$"{host}:1"], AllowPrivate = allow }, $"http://{host}:1/", shape, OwnPrivateAddress());

        Assert.Equal((false, true), (sent.Delivered, sent.Retry));
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("127.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    public async Task Send_NameOfAForbiddenAddress_IsRefusedWhateverIsAllowed(string address)
    {
        foreach (var shape in Enum.GetValues<CallbackShape>())
        {
            var refused = await SendAsync(new CallbackOptions { Allowed = ["node.example:1"], AllowPrivate = true }, "http://node.example:1/", shape, address);
            Assert.Equal((false, false), (refused.Delivered, refused.Retry));
        }
    }

    [Fact]
    public async Task Send_Name_IsResolvedOnce()
    {
        await using var server = await CallbackServer.StartAsync();
        var looks = 0;
        using var sender = new CallbackSender(
            new CallbackRules(new CallbackOptions { Allowed = [$"localhost:{server.Port}"] }), TimeProvider.System,
            // Another look would find another address.
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(Interlocked.Increment(ref looks) == 1 ? "127.0.0.1" : "169.254.169.254")]));

        Assert.Equal(new Delivery(true), await sender.SendAsync(Ended($"http://localhost:{server.Port}/", CallbackShape.Status), Cancel));
        Assert.Equal(1, looks);
    }

    private static string OwnPrivateAddress()
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus == OperationalStatus.Up)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => CallbackRules.RefuseAddress("name", address, false) is not null && CallbackRules.RefuseAddress("name", address, true) is null);
        if (own is null)
        {
            Components.Missing(Component.Network, "no private address");
        }

        return $"{own}";
    }

    private static TaskRecord Ended(string url, CallbackShape shape) => new()
    {
        Id = "task-1",
        Spec = new TaskSpecification { Type = "add", Input = "{}", InitiatedBy = "api", Callback = new TaskCallback(url, shape, "task-7", "todo-1") },
        State = TaskPhase.Complete,
        Result = "1",
    };

    private static async Task<Delivery> SendAsync(CallbackOptions options, string url, CallbackShape shape, string addresses)
    {
        using var sender = new CallbackSender(
            new CallbackRules(options), TimeProvider.System, (_, _) => Task.FromResult(addresses.Split(',').Select(IPAddress.Parse).ToArray()));
        return await sender.SendAsync(Ended(url, shape), Cancel);
    }

    // A task of the pod ends in a real queue, and its end goes over a real socket.
    private static async Task<(string Path, string Body)> PostedAsync(Func<ITaskQueue, string, Task> end)
    {
        await using var server = await CallbackServer.StartAsync();
        using var folder = new TemporaryFolder();
        using var database = SqliteDatabase.Open(new SqliteOptions { DataFolder = folder.Path }, NullLogger<SqliteDatabase>.Instance);
        var queue = new SqliteTaskQueue(database, new TasksOptions(), TimeProvider.System);
        var pod = new PodOptions { CallbackUrl = $"http://127.0.0.1:{server.Port}/task/{{task_id}}/submit-to-js" };
        var spec = new TaskSpecification { Type = "fibonacci", Input = "{}", InitiatedBy = "api", Callback = pod.CallbackFor("task-7", "todo-1") };
        var id = (await queue.EnqueueAsync(spec, Cancel)).TaskId;
        await end(queue, id);

        var due = (await new SqliteCallbackOutbox(database, queue).ClaimCallbacksAsync(1, TimeSpan.FromMinutes(1), Cancel)).Callbacks.Single();
        using var sender = new CallbackSender(new CallbackRules(new CallbackOptions()), TimeProvider.System);
        Assert.Equal(new Delivery(true), await sender.SendAsync(due.Task, Cancel));

        var (path, body, _, _) = await server.CallAsync();
        return (path, body);
    }
}
