using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// What outlives an orchestrator: a simulated engine, a real SQLite store in a folder of its own and a clock. Any number
/// of orchestrators are started on it one after the other, and killed.
/// </summary>
internal sealed class RunnerWorld : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-test-");
    private readonly MachinesOptions _machines;
    private SqliteTestStore _store;

    public RunnerWorld(
        Action<RunnersOptions>? sessions = null, Action<MachinesOptions>? machines = null, Action<TemplatesOptions>? templates = null)
    {
        Options = new RunnersOptions { Instance = "test", MinIdle = 0, ProvisionWaitSeconds = 10, MaxParallelStarts = 4 };
        sessions?.Invoke(Options);
        var machineOptions = new MachinesOptions { MinIdle = 0 };
        machines?.Invoke(machineOptions);
        templates?.Invoke(Named);
        _machines = machineOptions;
        Templates = RunnerTemplates.Of(Options, _machines, Named);
        Engine = new SimulatedEngine(Clock);
        _store = SqliteTestStore.Open(_folder.FullName, Clock);
    }

    public ManualTimeProvider Clock { get; } = new();

    public SimulatedEngine Engine { get; }

    public RunnersOptions Options { get; }

    /// <summary>The operator's own templates.</summary>
    public TemplatesOptions Named { get; } = [];

    public RunnerTemplates Templates { get; private set; }

    public RunnerTemplate Session => Templates[RunnersOptions.TemplateName];

    public RunnerTemplate Machine => Templates[MachinesOptions.TemplateName];

    public IRunnerStore Store => _store.Runners;

    /// <summary>An orchestrator on this world. Its loops do not run: tests make each look themselves.</summary>
    public TestOrchestrator Start(SimulatedProcess? process = null) => new(this, process ?? new SimulatedProcess());

    /// <summary>The store as the next process finds it after the last one died.</summary>
    public async Task<TestOrchestrator> RestartAsync(SimulatedProcess? process = null)
    {
        await _store.DisposeAsync();
        _store = SqliteTestStore.Open(_folder.FullName, Clock);
        return Start(process);
    }

    /// <summary>The next process, which the operator gave other settings.</summary>
    public Task<TestOrchestrator> RestartAsync(Action<RunnersOptions> change)
    {
        change(Options);
        Templates = RunnerTemplates.Of(Options, _machines, Named);
        return RestartAsync();
    }

    /// <summary>The store is deleted while runners run.</summary>
    public async Task<TestOrchestrator> LoseStoreAsync()
    {
        await _store.DisposeAsync();
        foreach (var file in _folder.GetFiles())
        {
            file.Delete();
        }

        _store = SqliteTestStore.Open(_folder.FullName, Clock);
        return Start();
    }

    /// <summary>What must hold whenever nothing is under way: engine and store agree, and nobody has two.</summary>
    public async Task AssertAgreementAsync(string because = "")
    {
        var records = await Store.ListAsync("test", default);
        var running = Engine.Runners;
        Assert.True(running.All(r => r.Running), $"A dead container was left. {because}");
        Assert.Equal(running.Select(r => r.RunnerId).Order(), records.Select(r => r.Id).Order());
        var owned = records.Where(r => r.Owner is not null).ToList();
        Assert.Equal(owned.Count, owned.Select(r => (r.Template, r.Owner)).Distinct().Count());
        var ports = records.Where(r => r.Port is not null).Select(r => r.Port).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        Assert.All(records, r => Assert.True(r.State is RunnerState.Idle or RunnerState.Leased, $"{r.Id} is still {r.State}. {because}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

/// <summary>One process of Orchestrator's domain on a <see cref="RunnerWorld"/>.</summary>
internal sealed class TestOrchestrator
{
    private readonly RunnerWorld _world;
    private readonly ServiceProvider _services;

    public TestOrchestrator(RunnerWorld world, SimulatedProcess process)
    {
        _world = world;
        Process = process;
        Store = new KillableStore(world.Store, process);
        _services = new ServiceCollection()
            .AddSingleton<TimeProvider>(world.Clock)
            .AddSingleton(new Random(1))
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(world.Options)
            .AddSingleton(world.Templates)
            .AddSingleton(world.Engine.Connect(process))
            .AddSingleton<IRunnerStore>(Store)
            .AddRunners()
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });
        _ = _services.GetRequiredService<Leadership>().TryHoldAsync(default);
    }

    public SimulatedProcess Process { get; }

    public KillableStore Store { get; }

    public RunnerLeases Leases => _services.GetRequiredService<RunnerLeases>();

    public Reaper Reaper => _services.GetRequiredService<Reaper>();

    public Reconciler Reconciler => _services.GetRequiredService<Reconciler>();

    public RunnerMaintenance Maintenance => (RunnerMaintenance)_services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().Single();

    public PoolKeeper Keeper(RunnerTemplate template) =>
        _services.GetRequiredService<IEnumerable<PoolKeeper>>().ElementAt(_world.Templates.All.ToList().IndexOf(template));

    public Task<ProvisionResult> ProvisionAsync(string session, RunnerNetwork network = RunnerNetwork.Bridge) =>
        Leases.ProvisionAsync(_world.Session, Owner.Session(session), network, default);

    public Task<ProvisionResult> AssignAsync(string project) =>
        Leases.ProvisionAsync(_world.Machine, Owner.Machine(project), RunnerNetwork.Bridge, default);

    public Task<bool> DeprovisionAsync(string session) => Leases.ReleaseAsync(_world.Session, Owner.Session(session), default);

    public async Task<Runner?> HeartbeatAsync(string session) => await Leases.HeartbeatAsync(_world.Session, Owner.Session(session), default);

    /// <summary>Looks after the pools until they are full.</summary>
    public async Task FillAsync()
    {
        foreach (var template in _world.Templates.All)
        {
            await Eventually.TrueAsync(async () =>
            {
                await Keeper(template).KeepAsync(default);
                var counts = await _world.Store.CountAsync("test", template.Name, default);
                return counts is { Refilling: 0 } && counts.Idle >= Math.Min(template.MinIdle, (template.MaxLeased ?? int.MaxValue) - counts.Leased);
            });
        }
    }
}
