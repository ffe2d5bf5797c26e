using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Maintenance;
using Orchestrator.Core.Pooling;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;
using Orchestrator.Storage.Redis;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// One of several instances of Orchestrator's domain on one real Redis and one simulated engine. Its loops run only when
/// told to; otherwise tests make each look themselves.
/// </summary>
internal sealed class SharedInstance : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private IHostedService? _maintenance;

    /// <summary>How long it may be silent before another one takes over.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    public SharedInstance(SimulatedEngine engine, RedisConnection redis, Action<RunnersOptions>? configure = null)
    {
        var options = new RunnersOptions
        {
            Instance = "test",
            MinIdle = 0,
            InactivityTimeoutSeconds = 60,
            CleanupIntervalSeconds = 0.2,
            ReconcileIntervalSeconds = 0.2,
            OrphanGraceSeconds = 1,
            LeaderSeconds = Silence.TotalSeconds,
        };
        configure?.Invoke(options);
        Session = options.ToTemplate();
        _services = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(options)
            .AddSingleton(new RunnerTemplates([Session]))
            .AddSingleton(engine.Connect())
            .AddSingleton(redis)
            .AddRedisRunners()
            .AddRunners()
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });
    }

    public RunnerTemplate Session { get; }

    public IRunnerStore Store => _services.GetRequiredService<IRunnerStore>();

    public RunnerLeases Leases => _services.GetRequiredService<RunnerLeases>();

    public Leadership Leadership => _services.GetRequiredService<Leadership>();

    public Reaper Reaper => _services.GetRequiredService<Reaper>();

    public Reconciler Reconciler => _services.GetRequiredService<Reconciler>();

    public PoolKeeper Keeper => _services.GetRequiredService<IEnumerable<PoolKeeper>>().Single();

    /// <summary>Whether a provision waits for a place to become free.</summary>
    public bool HasWaiting => !_services.GetRequiredService<RunnerSignals>().Queue(Session.Name).IsEmpty;

    public Task<ProvisionResult> ProvisionAsync(string session) =>
        Leases.ProvisionAsync(Session, Owner.Session(session), RunnerNetwork.Bridge, TestContext.Current.CancellationToken);

    public Task<bool> DeprovisionAsync(string session) =>
        Leases.ReleaseAsync(Session, Owner.Session(session), TestContext.Current.CancellationToken);

    public async Task<Runner?> HeartbeatAsync(string session) =>
        await Leases.HeartbeatAsync(Session, Owner.Session(session), TestContext.Current.CancellationToken);

    public async Task<IReadOnlyList<Runner>> ListAsync() => await Store.ListAsync("test", TestContext.Current.CancellationToken);

    /// <summary>Runs its loops until it is stopped.</summary>
    public Task StartAsync()
    {
        _maintenance = _services.GetServices<IHostedService>().Single();
        return _maintenance.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task StopAsync()
    {
        if (_maintenance is not null)
        {
            await _maintenance.StopAsync(CancellationToken.None);
        }

        _maintenance = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }
}
