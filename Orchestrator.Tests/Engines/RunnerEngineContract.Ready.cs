using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Tests.Engines;

public abstract partial class RunnerEngineContract
{
    [Fact]
    public async Task WaitUntilReady_RunnerDies_SaysSoSoon()
    {
        var (spec, placement) = await StartAsync();
        var never = spec with { Template = spec.Template with { Ready = new Readiness(ReadinessKind.Http, "/", TimeSpan.FromSeconds(60)) } };
        using var silent = new SilentPort();
        var waiting = Engine.WaitUntilReadyAsync(never, placement with { Port = silent.Number }, Cancel);
        await fixture.KillAsync(placement);
        var watch = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<RunnerNotReadyException>(() => waiting);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Contains("before it was ready", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitUntilReady_NeverReady_EndsWithItsTime()
    {
        var (spec, placement) = await StartAsync();
        var never = spec with { Template = spec.Template with { Ready = new Readiness(ReadinessKind.Http, "/", TimeSpan.FromSeconds(1)) } };
        using var silent = new SilentPort();
        var watch = Stopwatch.StartNew();

        await Assert.ThrowsAsync<RunnerNotReadyException>(() =>
            Engine.WaitUntilReadyAsync(never, placement with { Port = silent.Number }, Cancel));

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(6));
        Assert.True((await Engine.FindAsync(spec.RunnerId, Cancel))!.Running);
    }

    [Fact]
    public async Task WaitUntilReady_PathThatTheImageLacks_IsReady()
    {
        var (spec, placement) = await StartAsync();
        var elsewhere = spec with { Template = spec.Template with { Ready = new Readiness(ReadinessKind.Http, "/no-such-path", TimeSpan.FromSeconds(20)) } };

        await Engine.WaitUntilReadyAsync(elsewhere, placement, Cancel);
    }

    [Fact]
    public async Task WaitUntilReady_Tcp_IsReady()
    {
        var (spec, placement) = await StartAsync();
        var tcp = spec with { Template = spec.Template with { Ready = new Readiness(ReadinessKind.Tcp, "/", TimeSpan.FromSeconds(10)) } };

        await Engine.WaitUntilReadyAsync(tcp, placement, Cancel);
    }

    // Connections are taken here, and nothing is ever said.
    private sealed class SilentPort : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public SilentPort() => _listener.Start();

        public int Number => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose() => _listener.Dispose();
    }
}
