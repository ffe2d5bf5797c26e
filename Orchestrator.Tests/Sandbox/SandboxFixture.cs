using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Engines;
using Orchestrator.Tests.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sandbox;

/// <summary>
/// Runners of our image for code that means harm, started by the product's engine, whose events are read as in the
/// running product. The classes of the collection run one after the other: several of them burn all CPU they get.
/// </summary>
public sealed class SandboxFixture : ComponentFixture
{
    private readonly SupervisedEngineFixture _engines = new();
    private readonly List<string> _instances = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1);
    private Task _watching = Task.CompletedTask;
    private SandboxRunner? _shared;

    /// <summary>What runners are made like, unless a test wants another.</summary>
    internal RunnerTemplate Template => _engines.Template;

    internal EngineHttp Docker { get; } = new();

    internal IRunnerEngine Engine { get; private set; } = null!;

    internal global::Docker.DotNet.DockerClient Client => _engines.Client;

    protected override async ValueTask StartAsync()
    {
        await _engines.InitializeAsync();
        _engines.Require();
        Engine = Connect();
        _watching = Task.Run(async () =>
        {
            await foreach (var _ in Engine.WatchAsync(_stop.Token))
            {
            }
        });
    }

    /// <summary>The engine as another orchestrator has it: an instance, and so a network, of its own.</summary>
    internal IRunnerEngine Connect()
    {
        var instance = EngineFixture.NewInstance();
        _instances.Add(instance);
        return _engines.ServicesOf(instance).GetRequiredService<IRunnerEngine>();
    }

    /// <summary>A runner for tests that leave it as it was.</summary>
    internal async Task<SandboxRunner> SharedAsync()
    {
        await _one.WaitAsync();
        try
        {
            return _shared ??= await StartAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A runner that is ready and whose agent answers.</summary>
    internal async Task<SandboxRunner> StartAsync(IRunnerEngine? engine = null, RunnerTemplate? template = null, RunnerNetwork network = RunnerNetwork.Bridge)
    {
        engine ??= Engine;
        var spec = _engines.Spec(network: network) with { Template = template ?? Template };
        var placement = await engine.StartAsync(spec, CancellationToken.None);
        await engine.WaitUntilReadyAsync(spec, placement, CancellationToken.None);
        var runner = new SandboxRunner(engine, Docker, spec, placement);
        await runner.RecoversAsync();
        return runner;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ContinueWith(_ => { }, TaskScheduler.Default);
        foreach (var instance in _instances)
        {
            await _engines.ForgetAsync(instance);
        }

        await _engines.DisposeAsync();
        Docker.Dispose();
        _stop.Dispose();
        _one.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class SandboxCollection : ICollectionFixture<SandboxFixture>
{
    public const string Name = "Sandbox";
}
