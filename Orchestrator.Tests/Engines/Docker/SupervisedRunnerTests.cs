using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>Our own image on the Docker engine: the contract, and what only its supervisor and agent make possible.</summary>
public sealed class SupervisedRunnerTests(SupervisedEngineFixture fixture) : RunnerEngineContract(fixture), IClassFixture<SupervisedEngineFixture>
{
    private const string KillAgent =
        """for p in /proc/[0-9]*; do case "$(tr '\0' ' ' < $p/cmdline)" in */Orchestrator.Guest\ agent*) kill -9 ${p#/proc/} && echo killed;; esac; done""";

    [Fact]
    public async Task Exec_PastItsTime_KillsTheCommandAndItsChildren()
    {
        var (_, placement) = await StartReadyAsync();

        var result = await ExecAsync(placement, Command("sleep 54321 & (setsid sleep 54321 &); sleep 54321") with { Timeout = TimeSpan.FromSeconds(1) },
            new TextOutput(), Cancel);

        Assert.Equal((null, true, false), (result.ExitCode, result.TimedOut, result.StillRunning));
        Assert.Equal("0", await RunAsync(placement, "ps -eo args | grep -c '^sleep 54321' || true"));
    }

    [Fact]
    public async Task Exec_Cancelled_KillsTheCommand()
    {
        var (_, placement) = await StartReadyAsync();
        using var stop = new CancellationTokenSource();
        var output = new TextOutput();
        var running = ExecAsync(placement, Command("echo begun; sleep 54321"), output, stop.Token);
        await output.First.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(5), Cancel));
        await UntilAsync(async () => await RunAsync(placement, "ps -eo args | grep -c '^sleep 54321' || true") == "0");
    }

    [Fact]
    public async Task Exec_RunsAsTheCodeUserWithoutPrivileges()
    {
        var (_, placement) = await StartReadyAsync();

        Assert.Equal("10002:10002", await RunAsync(placement, "echo $(id -u):$(id -g)"));
        Assert.Equal("0000000000000000", await RunAsync(placement, "grep CapEff /proc/self/status | cut -f2"));
        Assert.Equal("", await RunAsync(placement, "cat /proc/1/environ 2>/dev/null; true"));
    }

    [Fact]
    public async Task Ready_StartsTheAgent_AndRunAnswers()
    {
        var (spec, placement) = await StartReadyAsync();

        await UntilAsync(async () => (await PostRunAsync(spec, placement)).Contains("hi there", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OfCode_HasNoTerminal()
    {
        var (spec, placement) = await StartReadyAsync();

        await UntilAsync(async () =>
            (await PostRunAsync(spec, placement, "(exec 3</dev/tty) 2>/dev/null && echo terminal || echo none")).Contains("none", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Agent_Killed_IsStartedAgain(bool watchedFromTheStart)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watching = watchedFromTheStart ? WatchAsync(Engine, stop.Token) : Task.CompletedTask;
        var (spec, placement) = await StartReadyAsync();
        await UntilAsync(async () => await AgentsAsync(placement) == 1);
        watching = watchedFromTheStart ? watching : WatchAsync(Engine, stop.Token);

        // The engine tells of the exec a moment before its program is there to be killed.
        await UntilAsync(async () => await KillAgentAsync(placement) == "killed");

        await UntilAsync(async () => await AgentsAsync(placement) == 1 && (await PostRunAsync(spec, placement)).Contains("hi there", StringComparison.Ordinal));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Agent_KilledWhileItsRunnerIsRemoved_IsLeftAlone()
    {
        await using var relay = new SocketRelay("/var/run/docker.sock");
        relay.Open();
        var engine = fixture.ServicesOf(Instance, docker => docker.Host = "unix://" + relay.Path).GetRequiredService<IRunnerEngine>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watching = WatchAsync(engine, stop.Token);
        var (removed, other) = (await StartReadyAsync(engine), await StartReadyAsync(engine));
        await UntilAsync(async () => await AgentsAsync(removed.Placement) == 1 && await AgentsAsync(other.Placement) == 1);
        var (calls, removing, maySucceed) = (new ConcurrentQueue<string>(), new TaskCompletionSource(), new TaskCompletionSource());
        relay.Fault = call =>
        {
            calls.Enqueue(call);
            if (call.StartsWith("DELETE /", StringComparison.Ordinal))
            {
                removing.TrySetResult();
                maySucceed.Task.Wait(Cancel);
            }

            return RelayFault.None;
        };
        bool Begun(RunnerPlacement placement) => calls.Any(call => call.StartsWith("POST /", StringComparison.Ordinal) && call.Contains($"/{placement.Handle}/exec", StringComparison.Ordinal));

        var removal = engine.RemoveAsync(removed.Spec.RunnerId, removed.Placement.Handle, Cancel);
        await removing.Task.WaitAsync(TimeSpan.FromSeconds(15), Cancel);
        await UntilAsync(async () => await KillAgentAsync(removed.Placement) == "killed");
        await UntilAsync(async () => await KillAgentAsync(other.Placement) == "killed");
        await UntilAsync(() => Task.FromResult(Begun(other.Placement)));

        Assert.False(Begun(removed.Placement));
        maySucceed.SetResult();
        await removal;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task List_ByTheNextOrchestrator_LeavesARunningAgentAndReplacesADeadOne()
    {
        var (_, placement) = await StartReadyAsync();
        await UntilAsync(async () => await AgentsAsync(placement) == 1);
        var next = Later();

        await next.ListAsync(Cancel);
        // An agent that is replaced goes within this; that none will be is shown by nothing.
        await Task.Delay(500, Cancel);
        Assert.Equal(1, await AgentsAsync(placement));

        await UntilAsync(async () => await KillAgentAsync(placement) == "killed");
        await UntilAsync(async () => await AgentsAsync(placement) == 0);
        await Later().ListAsync(Cancel);
        await UntilAsync(async () => await AgentsAsync(placement) == 1);
    }

    [Fact]
    public async Task GetIdleTime_IsWhatTheRunnerTells()
    {
        var (spec, placement) = await StartReadyAsync();

        await UntilAsync(async () => await Engine.GetIdleTimeAsync(RunnerOf(spec, placement), Cancel) > TimeSpan.FromMilliseconds(200));

        await fixture.KillAsync(placement);
        Assert.Null(await Engine.GetIdleTimeAsync(RunnerOf(spec, placement), Cancel));
    }

    [Fact]
    public async Task AskToEnd_WithItsToken_EndsByItself()
    {
        var (spec, placement) = await StartReadyAsync();
        var exitCode = -1L;

        // On a machine that is overloaded it may not answer within the patience that a removal has.
        await Eventually.TrueAsync(async () =>
        {
            await Engine.AskToEndAsync(RunnerOf(spec, placement) with { Token = spec.Token }, Cancel);
            var state = (await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel)).State!;
            exitCode = state.ExitCode;
            return !state.Running;
        });

        Assert.Equal(0, exitCode);
        await Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel);
        Assert.Null(await Engine.FindAsync(spec.RunnerId, Cancel));
    }

    [Theory]
    [InlineData("not its token")]
    [InlineData(null)]
    public async Task AskToEnd_WithoutItsToken_LeavesItToItsRemoval(string? token)
    {
        var (spec, placement) = await StartReadyAsync();

        await Engine.AskToEndAsync(RunnerOf(spec, placement) with { Token = token }, Cancel);

        Assert.True((await Engine.FindAsync(spec.RunnerId, Cancel))!.Running);
    }

    [Fact]
    public async Task AskToEnd_GoneRunner_DoesNothing()
    {
        var (spec, placement) = await StartReadyAsync();
        await fixture.KillAsync(placement);
        await fixture.Client.Containers.WaitContainerAsync(placement.Handle, Cancel);

        await Engine.AskToEndAsync(RunnerOf(spec, placement) with { Token = spec.Token }, Cancel);

        Assert.False((await Engine.FindAsync(spec.RunnerId, Cancel))!.Running);
    }

    private static async Task WatchAsync(IRunnerEngine engine, CancellationToken cancellationToken)
    {
        await foreach (var _ in engine.WatchAsync(cancellationToken))
        {
        }
    }

    private IRunnerEngine Later() =>
        fixture.ServicesOf(Instance, time: new ShiftedTime(TimeSpan.FromMinutes(5))).GetRequiredService<IRunnerEngine>();

    private static Runner RunnerOf(RunnerSpec spec, RunnerPlacement placement) => new()
    {
        Id = spec.RunnerId,
        Template = spec.Template.Name,
        Instance = "",
        State = RunnerState.Leased,
        Fence = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Placement = placement,
    };

    // Past the guest, which would lose the call with its agent.
    private async Task<string> KillAgentAsync(RunnerPlacement placement)
    {
        var output = new TextOutput();
        await Engine.ExecAsync(placement.Handle, Command(KillAgent), output, Cancel);
        return output.Stdout.Trim();
    }

    private async Task<string> RunAsync(RunnerPlacement placement, string script)
    {
        var output = new TextOutput();
        var result = await ExecAsync(placement, Command(script), output, Cancel);
        Assert.Equal(0, result.ExitCode);
        return output.Stdout.Trim();
    }

    private async Task<int> AgentsAsync(RunnerPlacement placement)
    {
        var container = await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);
        var agents = 0;
        foreach (var id in container.ExecIDs ?? [])
        {
            var exec = await fixture.Client.Exec.InspectContainerExecAsync(id, Cancel);
            agents += exec is { Running: true, ProcessConfig.Arguments: ["agent"] } ? 1 : 0;
        }

        return agents;
    }

    private static async Task<string> PostRunAsync(RunnerSpec spec, RunnerPlacement placement, string code = "echo hi there")
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", spec.Token);
        using var body = new StringContent($$"""{"language":"bash","code":"{{code}}"}""", Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync($"http://127.0.0.1:{placement.Port}/run", body, Cancel);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    private static Task UntilAsync(Func<Task<bool>> holds) => Eventually.TrueAsync(holds, TimeSpan.FromSeconds(15));

    private sealed class ShiftedTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
