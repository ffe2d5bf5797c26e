using System.Net;
using System.Text.Json;
using Orchestrator.Client;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Client;

/// <summary>The typed client against a whole API process, and against servers that break off.</summary>
public sealed class OrchestratorClientTests : IAsyncLifetime
{
    private static readonly ExecBody Command = new(["echo", "hello"]);

    private ApiHost _host = null!;
    private OrchestratorClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        _client = _host.NewClient();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _host.DisposeAsync();
    }

    [Fact]
    public async Task Session_FromProvisionToRelease_IsOneRunners()
    {
        var provisioned = await _client.Sessions.ProvisionAsync(cancellationToken: Cancel);
        var session = provisioned.SessionId;

        Assert.Equal(provisioned.RunnerId, (await _client.Sessions.ProvisionAsync(session, cancellationToken: Cancel)).RunnerId);
        Assert.Equal($"Heartbeat received for session {session}.", (await _client.Sessions.HeartbeatAsync(session, Cancel)).Message);
        var listed = Assert.Single(await _client.Sessions.ListAsync(Cancel));
        Assert.Equal((provisioned.RunnerId, "leased", new OwnerEntry("default", "session", session)), (listed.Id, listed.State, listed.Owner));
        var ended = await _client.Sessions.ExecAsync(session, Command, Cancel);
        Assert.Equal((0, "hello", "", false), (ended.ExitCode, ended.Stdout, ended.Stderr, ended.TimedOut));
        await _client.Sessions.ReleaseAsync(session, Cancel);
        Assert.Empty(_host.Engine.Runners);
    }

    [Fact]
    public async Task Provision_WithoutANetwork_AsksForNone() =>
        Assert.Equal("N/A (isolated network mode)", (await _client.Sessions.ProvisionAsync("s1", "none", Cancel)).Endpoint);

    [Fact]
    public async Task Exec_EveryField_ReachesTheRunner()
    {
        ExecRequest? seen = null;
        _host.Engine.Exec = (request, _, _) =>
        {
            seen = request;
            return Task.FromResult(new ExecResult(null, TimeSpan.FromSeconds(1.5), true, true));
        };
        await _client.Sessions.ProvisionAsync("s1", cancellationToken: Cancel);

        var ended = await _client.Sessions.ExecAsync("s1", new ExecBody(["a", "é \"+"], "in", new Dictionary<string, string?> { ["A"] = "b" }, 1.5), Cancel);

        Assert.Equal(["a", "é \"+"], seen!.Command);
        Assert.Equal(("in", TimeSpan.FromSeconds(1.5)), (seen.Stdin, seen.Timeout));
        Assert.Equal("b", seen.Environment["A"]);
        Assert.Equal((null, 1500, true, true), (ended.ExitCode, ended.DurationMs, ended.TimedOut, ended.Truncated));
    }

    [Fact]
    public async Task Stream_Output_ComesWhileTheCommandRuns()
    {
        var go = new TaskCompletionSource();
        _host.Engine.Exec = async (_, output, cancel) =>
        {
            await output.WriteAsync(OutputStream.Stdout, "one\ntwo"u8.ToArray(), cancel);
            await go.Task.WaitAsync(cancel);
            await output.WriteAsync(OutputStream.Stderr, "bad"u8.ToArray(), cancel);
            return new ExecResult(3, TimeSpan.FromMilliseconds(5), false, false);
        };
        await _client.Sessions.ProvisionAsync("s1", cancellationToken: Cancel);

        var events = new List<ExecEvent>();
        await foreach (var said in _client.Sessions.StreamAsync("s1", Command, Cancel))
        {
            events.Add(said);
            go.TrySetResult();
        }

        Assert.Equal([new StdoutEvent("one\ntwo"), new StderrEvent("bad"), new ExitEvent(3, 5, false, false)], events);
    }

    [Fact]
    public async Task Stream_ServerLost_Throws()
    {
        await using var server = await CallbackServer.StartAsync();
        server.Answer = _ => "event: stdout\ndata: \"half\"\n\n: a comment\n\nevent: later\ndata: 1\n\n";
        using var client = NewClient(server);
        var events = new List<ExecEvent>();

        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var said in client.Sessions.StreamAsync("s1", Command, Cancel))
            {
                events.Add(said);
            }
        });

        Assert.Equal([new StdoutEvent("half")], events);
    }

    [Fact]
    public async Task Logs_OfASession_ComeInLines()
    {
        _host.Engine.Log = "Listening.\nStopped.\n";
        await _client.Sessions.ProvisionAsync("a:b", cancellationToken: Cancel);

        Assert.Equal(["Listening.", "Stopped."], await _client.Sessions.ReadLogsAsync("a:b", follow: true, tail: 10, Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Machine_FromAssignmentToDestruction_IsTheProjects()
    {
        var machine = await _client.Machines.AssignAsync("project", Cancel);

        Assert.Equal(machine, await _client.Machines.AssignAsync("project", Cancel));
        var listed = Assert.Single(await _client.Machines.ListAsync(Cancel));
        Assert.Equal((machine.ContainerId, machine.Port, true, "project"), (listed.Id, listed.Port, listed.IsUsed, listed.AssignedProject));
        Assert.Equal("Machine project released", (await _client.Machines.ReleaseAsync("project", Cancel)).Message);
        Assert.False(Assert.Single(await _client.Machines.ListAsync(Cancel)).IsUsed);
        await _client.Machines.DestroyAsync(machine.ContainerId, Cancel);
        Assert.Empty(await _client.Machines.ListAsync(Cancel));
    }

    [Fact]
    public async Task Task_Enqueued_IsWaitedForAndListed()
    {
        var accepted = await _client.Tasks.EnqueueAsync(new TaskRequest(Type: "fibonacci", Input: Json("""{"n":100}""")), Cancel);

        var ended = await _client.Tasks.WaitAsync(accepted.TaskId, Cancel);

        Assert.Equal(("complete", "\"354224848179261915075\"", accepted.InitiatedBy), (ended.Status, ended.Result, ended.InitiatedBy));
        Assert.Equal(ended.TaskId, Assert.Single(await _client.Tasks.ListAsync("complete", 10, Cancel)).TaskId);
        Assert.Contains("fibonacci", (await _client.Tasks.ListTypesAsync(Cancel)).Select(type => type.Type));
        var refused = await Assert.ThrowsAsync<OrchestratorException>(() => _client.Tasks.RetryAsync(accepted.TaskId, Cancel));
        Assert.Equal((HttpStatusCode.Conflict, "TASK_NOT_FAILED"), (refused.StatusCode, refused.Code));
    }

    [Fact]
    public async Task Task_Cancelled_IsNotWaitedForAnyLonger()
    {
        var accepted = await _client.Tasks.EnqueueAsync(
            new TaskRequest(A: Json("1"), B: Json("2"), RunAt: $"{DateTimeOffset.UtcNow.AddHours(1):O}"), Cancel);

        Assert.Equal(new TaskChanged(accepted.TaskId, "cancelled"), await _client.Tasks.CancelAsync(accepted.TaskId, Cancel));
        Assert.Equal("cancelled", (await _client.Tasks.WaitAsync(accepted.TaskId, Cancel)).Status);
    }

    [Fact]
    public async Task Error_OfTheServer_TellsStatusCodeAndMessage()
    {
        var missing = await Assert.ThrowsAsync<OrchestratorException>(() => _client.Sessions.HeartbeatAsync("unknown", Cancel));
        var streamed = await Assert.ThrowsAsync<OrchestratorException>(
            async () => await _client.Sessions.StreamAsync("unknown", Command, Cancel).ToListAsync(Cancel));
        var machine = await Assert.ThrowsAsync<OrchestratorException>(() => _client.Machines.ReleaseAsync("unknown", Cancel));

        Assert.Equal((HttpStatusCode.NotFound, "RUNNER_NOT_FOUND", null), (missing.StatusCode, missing.Code, missing.RetryAfter));
        Assert.Equal("404 RUNNER_NOT_FOUND: No active runner found for this session ID.", missing.Message);
        Assert.Equal(missing.Message, streamed.Message);
        Assert.Equal(("Machine not found", "404 Machine not found"), (machine.Code, machine.Message));
    }

    [Fact]
    public async Task Error_ThatPasses_TellsWhenToRetry()
    {
        _host.Engine.Stop();

        var failed = await Assert.ThrowsAsync<OrchestratorException>(() => _client.Sessions.ProvisionAsync("s1", cancellationToken: Cancel));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "ENGINE_UNAVAILABLE"), (failed.StatusCode, failed.Code));
        Assert.Equal(TimeSpan.FromSeconds(5), failed.RetryAfter);
    }

    [Fact]
    public async Task Error_OfAProxy_HasNoCode()
    {
        await using var proxy = await CallbackServer.StartAsync();
        proxy.Status = _ => 502;
        using var client = NewClient(proxy);

        var failed = await Assert.ThrowsAsync<OrchestratorException>(() => client.Tasks.GetStatusAsync("id", Cancel));

        Assert.Equal((HttpStatusCode.BadGateway, null), (failed.StatusCode, failed.Code));
    }

    [Fact]
    public async Task Key_Wanted_IsSent()
    {
        await using var host = await ApiHost.StartAsync("--Security:ApiKeys=a-key-of-the-operator", "--Security:Listen=loopback");
        using var stranger = host.NewClient();
        using var known = host.NewClient(options => options.ApiKey = "a-key-of-the-operator");

        var refused = await Assert.ThrowsAsync<OrchestratorException>(() => stranger.Sessions.ListAsync(Cancel));

        Assert.Equal((HttpStatusCode.Unauthorized, "API_KEY_REQUIRED"), (refused.StatusCode, refused.Code));
        Assert.Empty(await known.Sessions.ListAsync(Cancel));
        Assert.Empty(await known.Machines.ListAsync(Cancel));
    }

    [Fact]
    public async Task Answer_ThatDoesNotCome_TimesOut()
    {
        var never = new TaskCompletionSource();
        _host.Engine.Before = call => call == "start" ? never.Task : Task.CompletedTask;
        using var client = _host.NewClient(options => options.Timeout = TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAsync<TimeoutException>(() => client.Sessions.ProvisionAsync("s1", cancellationToken: Cancel));
        never.SetResult();
    }

    private static OrchestratorClient NewClient(CallbackServer server) =>
        new(new OrchestratorClientOptions { SessionsAddress = new Uri($"http://127.0.0.1:{server.Port}/prefix") });

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
