using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>An engine that goes away, hangs and comes back: said at once, noticed soon, nothing left behind.</summary>
public sealed class DockerOutageTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly SocketRelay _relay = new(Components.EngineSocket);
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.ServicesOf(_instance, docker =>
    {
        docker.Host = "unix://" + _relay.Path;
        docker.CallTimeoutSeconds = 2;
        docker.StartTimeoutSeconds = 30;
    }).GetRequiredService<IRunnerEngine>();

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        Components.RequireEngineSocket();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await fixture.ForgetAsync(_instance);
    }

    [Fact]
    public async Task EveryCall_EngineIsDown_SaysUnavailableSoon()
    {
        var spec = fixture.Spec();
        var watch = Stopwatch.StartNew();

        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.PingAsync(Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.ListAsync(Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.FindAsync(spec.RunnerId, Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.StartAsync(spec, Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.RemoveAsync(spec.RunnerId, "abc", Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.TellOwnerAsync(spec.RunnerId, "abc", null, Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.GetImageIdAsync(spec.Template, Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.CopyLogsAsync("abc", false, null, new TextOutput(), Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.ExecAsync(
            "abc", new ExecRequest(["true"], null, new Dictionary<string, string>(), TimeSpan.FromSeconds(5)), new TextOutput(), Cancel));
        await Assert.ThrowsAsync<EngineUnavailableException>(async () =>
        {
            await foreach (var _ in Engine.WatchAsync(Cancel))
            {
            }
        });

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task Remove_EngineTripsOverItself_IsAskedThreeTimes(int failures, bool removed)
    {
        _relay.Open();
        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);
        var asked = 0;
        _relay.Fault = call => call.StartsWith("DELETE /", StringComparison.Ordinal) && Interlocked.Increment(ref asked) <= failures
            ? RelayFault.ServerError
            : RelayFault.None;

        var failure = await Record.ExceptionAsync(() => Engine.RemoveAsync(spec.RunnerId, placement.Handle, Cancel));

        Assert.Equal(removed, failure is null);
        Assert.Equal(3, asked);
        Assert.Equal(removed, await Engine.FindAsync(spec.RunnerId, Cancel) is null);
    }

    [Fact]
    public async Task Calls_EngineComesBack_WorkWithinTwoSeconds()
    {
        for (var call = 0; call < 20; call++)
        {
            await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.ListAsync(Cancel));
        }

        _relay.Open();

        await UntilItAnswersAsync();
    }

    [Fact]
    public async Task Calls_EngineHangs_EndWithTheirLimit_ThenFailAtOnce_ThenWork()
    {
        _relay.Open();
        await Engine.PingAsync(Cancel);
        _relay.Clogged = true;

        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.PingAsync(Cancel))));
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(9));
        var connections = _relay.Connections;
        watch.Restart();
        for (var call = 0; call < 10; call++)
        {
            await Assert.ThrowsAsync<EngineUnavailableException>(() => Engine.PingAsync(Cancel));
        }

        Assert.InRange(_relay.Connections - connections, 0, 8);

        _relay.Clogged = false;
        await UntilItAnswersAsync();
    }

    [Fact]
    public async Task Watch_ConnectionIsLost_EndsAndTheNextTellsWhatWasMissed()
    {
        _relay.Open();
        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using (var events = Engine.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token))
        {
            Assert.True(await events.MoveNextAsync());
            Assert.Equal(RunnerEventKind.Started, events.Current.Kind);
            _relay.Close();
            await Assert.ThrowsAsync<EngineUnavailableException>(async () => await events.MoveNextAsync());
        }

        await fixture.KillAsync(placement);
        _relay.Open();

        await using var again = Engine.WatchAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await again.MoveNextAsync());
        Assert.Equal(new RunnerEvent(RunnerEventKind.Died, spec.RunnerId), again.Current);
    }

    [Fact]
    public async Task Start_EngineGoesAwayMeanwhile_IsFoundByItsIdLater()
    {
        for (var after = 20; after <= 200; after += 60)
        {
            _relay.Open();
            await UntilItAnswersAsync();
            var spec = fixture.Spec();
            var starting = Engine.StartAsync(spec, Cancel);
            await Pace.PauseAsync(after, Cancel);
            _relay.Close();
            try
            {
                await starting;
            }
            catch (EngineUnavailableException)
            {
            }

            _relay.Open();
            await UntilItAnswersAsync();
            await Engine.RemoveAsync(spec.RunnerId, null, Cancel);
            Assert.Empty(await Engine.ListAsync(Cancel));
            _relay.Close();
        }
    }

    private async Task UntilItAnswersAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Engine.PingAsync(Cancel);
                return;
            }
            catch (EngineUnavailableException) when (watch.Elapsed < TimeSpan.FromSeconds(2.5))
            {
                await Pace.PauseAsync(50, Cancel);
            }
        }
    }
}
