using System.Text;
using Microsoft.AspNetCore.Http;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Guests;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Guests;

/// <summary>The client of guests against one that says what a test wants.</summary>
public sealed class GuestClientTests : IAsyncDisposable
{
    private const string Start = """{"event":{"start":{"pid":17}}}""";
    private const string End = """{"event":{"end":{"exited":true,"status":"exit status 0","durationMs":1.5}}}""";

    private readonly SimulatedEngine _world = new();
    private readonly GuestClients _clients;
    private readonly IRunnerEngine _engine;
    private ScriptedGuest? _guest;

    public GuestClientTests()
    {
        _engine = _world.Connect();
        _clients = new GuestClients(_engine, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _clients.Dispose();
        await (_guest?.DisposeAsync() ?? default);
    }

    [Theory]
    [InlineData("""{"exited":true,"status":"exit status 0"}""", 0, null, false)]
    [InlineData("""{"exitCode":3,"exited":true,"status":"exit status 3"}""", 3, null, false)]
    [InlineData("""{"exitCode":-1,"status":"signal: killed","oomKilled":true}""", 137, null, true)]
    [InlineData("""{"exitCode":-1,"status":"signal: segmentation fault"}""", 139, null, false)]
    [InlineData("""{"exitCode":-1,"status":"signal: signal 34"}""", 162, null, false)]
    [InlineData("""{"exitCode":127,"exited":true,"reason":"nope: not found"}""", 127, "nope: not found", false)]
    public async Task Exec_AnyEnd_IsReadInTheContractsWords(string end, int exitCode, string? error, bool oomKilled)
    {
        var guest = await SayingAsync([Start, $$"""{"event":{"end":{{end}} } }"""]);

        var result = await guest.ExecAsync(Command(), new TextOutput(), Cancel);

        Assert.Equal((exitCode, error, oomKilled, false), (result.ExitCode, result.Error, result.OomKilled, result.StillRunning));
    }

    [Fact]
    public async Task Exec_Output_ArrivesByItsStream()
    {
        var output = new TextOutput();
        var guest = await SayingAsync([Start, Data("stdout", "out"), """{"event":{"keepalive":{}}}""", Data("stderr", "err"), End]);

        var result = await guest.ExecAsync(Command(), output, Cancel);

        Assert.Equal((0, 1.5), (result.ExitCode, result.Duration.TotalMilliseconds));
        Assert.Equal(("out", "err"), (output.Stdout, output.Stderr));
    }

    [Fact]
    public async Task Exec_TimeIsUp_HasNoExitCode()
    {
        var guest = await SayingAsync([Start, """{"event":{"end":{"exitCode":-1,"status":"signal: killed","timedOut":true}}}"""]);

        var result = await guest.ExecAsync(Command(), new TextOutput(), Cancel);

        Assert.Equal((null, true, false), (result.ExitCode, result.TimedOut, result.StillRunning));
    }

    [Fact]
    public async Task Exec_AgentKilledMeanwhile_EndsWithWhy()
    {
        var guest = await SayingAsync([Start], """{"error":{"code":"unavailable","message":"The agent was killed."}}""");

        var result = await guest.ExecAsync(Command(), new TextOutput(), Cancel);

        Assert.Equal((137, "The agent was killed."), (result.ExitCode, result.Error));
    }

    [Theory]
    [InlineData("invalid_argument", GuestError.InvalidArgument)]
    [InlineData("resource_exhausted", GuestError.ResourceExhausted)]
    [InlineData("unheard_of", GuestError.Failed)]
    public async Task Exec_RefusedBeforeItsStart_Throws(string code, GuestError error)
    {
        var guest = await SayingAsync([], $$"""{"error":{"code":"{{code}}","message":"no\u0007pe"} }""");

        var refused = await Assert.ThrowsAsync<GuestRefusedException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));

        Assert.Equal((error, "no pe"), (refused.Error, refused.Message));
    }

    public static TheoryData<string, string[]> Breaches => new()
    {
        { "output before the start", [Data("stdout", "x"), End] },
        { "a second start", [Start, Start, End] },
        { "no process's number", ["""{"event":{"start":{"pid":-1}}}"""] },
        { "no JSON", [Start, "{"] },
        { "no object", [Start, "[1]"] },
        { "no end", [Start] },
        { "more than agreed", [Start, Data("stdout", new string('x', 101)), End] },
        { "a long message", [Start, Data("stdout", new string('x', 300_000)), End] },
        { "a flood of nothing", [Start, .. Enumerable.Repeat("""{"event":{"keepalive":{}}}""", 1_000)] },
    };

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task Exec_BreachOfTheProtocol_IsTold(string what, string[] messages)
    {
        var guest = await SayingAsync(messages);

        var error = await Assert.ThrowsAsync<RunnerMisbehavedException>(() =>
            guest.ExecAsync(Command() with { MaxOutputBytes = 100 }, new TextOutput(), Cancel));

        Assert.False(string.IsNullOrEmpty(error.Message), what);
    }

    [Fact]
    public async Task Exec_GuestRefusesTheToken_IsABreach()
    {
        var guest = await AnsweringAsync(context =>
        {
            context.Response.StatusCode = 401;
            return context.Response.WriteAsync("""{"code":401,"message":"no"}""");
        });

        await Assert.ThrowsAsync<RunnerMisbehavedException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));
    }

    [Fact]
    public async Task Exec_SilentGuestOfAPausedRunner_ThrowsPausedAndNeverBegins()
    {
        var bodies = 0;
        var silent = new TaskCompletionSource();
        var guest = await AnsweringAsync(async context =>
        {
            await silent.Task.WaitAsync(context.RequestAborted);
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            bodies++;
        });
        _world.PauseByHand(Assert.Single(_world.Runners).RunnerId);

        await Assert.ThrowsAsync<RunnerPausedException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));

        silent.SetResult();
        Assert.Equal(0, bodies);
    }

    [Fact]
    public async Task Exec_SilentGuestOfADeadRunner_ThrowsGone()
    {
        var guest = await AnsweringAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        _world.Die(Assert.Single(_world.Runners).RunnerId);

        await Assert.ThrowsAsync<RunnerGoneException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));
    }

    [Fact]
    public async Task Exec_ConnectionBreaks_SaysWhoIsGone()
    {
        var guest = await AnsweringAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(0, Start));
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        await Assert.ThrowsAsync<EngineUnavailableException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));

        _world.Die(Assert.Single(_world.Runners).RunnerId);
        await Assert.ThrowsAsync<RunnerGoneException>(() => guest.ExecAsync(Command(), new TextOutput(), Cancel));
    }

    [Fact]
    public async Task Exec_SlowGuestOfARunningRunner_IsWaitedFor()
    {
        var guest = await AnsweringAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            // Longer than the client waits before it asks the engine.
            await Task.Delay(TimeSpan.FromSeconds(1.3), context.RequestAborted);
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(0, Start));
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(0, End));
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(2, "{}"));
        });

        Assert.Equal(0, (await guest.ExecAsync(Command(), new TextOutput(), Cancel)).ExitCode);
    }

    [Fact]
    public async Task Exec_ManyInTurn_ShareAConnection()
    {
        var guest = await SayingAsync([Start, End]);
        for (var call = 0; call < 5; call++)
        {
            await guest.ExecAsync(Command(), new TextOutput(), Cancel);
        }

        Assert.Equal(1, _guest!.Connections);
    }

    [Fact]
    public async Task Find_AnotherToken_IsAnotherClient()
    {
        var first = await SayingAsync([Start, End]);
        var runner = Assert.Single(_world.Runners);

        Assert.Same(first, await _clients.FindAsync(GuestCommands.RunnerOf(runner.Placement, runner.RunnerId, "token"), Cancel));
        Assert.NotSame(first, await _clients.FindAsync(GuestCommands.RunnerOf(runner.Placement, runner.RunnerId, "other"), Cancel));
        Assert.Null(await _clients.FindAsync(GuestCommands.RunnerOf(runner.Placement, runner.RunnerId, null), Cancel));
    }

    [Fact]
    public async Task List_AnswerThatIsTooLong_IsABreach()
    {
        var guest = await AnsweringAsync(async context =>
        {
            var piece = new byte[1 << 20];
            for (var count = 0; count < 40; count++)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            }
        });

        await Assert.ThrowsAsync<RunnerMisbehavedException>(() => guest.Processes.ListAsync(Cancel));
    }

    [Fact]
    public async Task Read_WithoutFollowing_EndsAtTheFirstSilence()
    {
        var guest = await SayingAsync(
            [Start, """{"event":{"data":{"stdout":"aGk=","offset":"2"}}}""", """{"event":{"keepalive":{}}}""", Data("stdout", "later")], trailer: null);

        var events = await guest.Processes.ReadAsync(17, 0, follow: false, Cancel).ToListAsync(Cancel);

        Assert.Equal(new ProcessStarted(17), events[0]);
        var piece = Assert.IsType<ProcessOutput>(events[1]);
        Assert.Equal((2, "hi"), (piece.Offset, Encoding.UTF8.GetString(piece.Data.Span)));
        Assert.Equal(2, events.Count);
    }

    private static string Data(string stream, string text) =>
        $$"""{"event":{"data":{"{{stream}}":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}"} } }""";

    private static ExecRequest Command() => new(["true"], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(20));

    private async Task<IGuest> SayingAsync(string[] messages, string? trailer = "{}") => await FindAsync(await ScriptedGuest.SayingAsync(messages, trailer));

    private async Task<IGuest> AnsweringAsync(RequestDelegate answer) => await FindAsync(await ScriptedGuest.StartAsync(answer));

    private async Task<IGuest> FindAsync(ScriptedGuest guest)
    {
        _world.Guest = _guest = guest;
        var template = new RunnerTemplate { Name = "session", IdPrefix = "runner", Image = "image", Ready = new Readiness(ReadinessKind.None, "/", TimeSpan.FromSeconds(1)) };
        var spec = new RunnerSpec(RunnerId.Create("runner", DateTimeOffset.UtcNow), template, null, "token", RunnerNetwork.Bridge, null);
        var placement = await _engine.StartAsync(spec, Cancel);
        return await _clients.GuestAsync(placement, spec.RunnerId, spec.Token, Cancel);
    }
}
