using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.Engines.Processes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Processes;

/// <summary>The engine of local processes, in a folder of its own.</summary>
public sealed class ProcessEngineFixture : EngineFixture
{
    private readonly List<ServiceProvider> _providers = [];

    /// <summary>Where runners work.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("orchestrator-tests-").FullName;

    public override RunnerTemplate Template { get; } = new()
    {
        Name = "session",
        IdPrefix = "runner",
        Image = "runner-image",
        Ready = new Readiness(ReadinessKind.Http, "/healthz", TimeSpan.FromSeconds(30)),
    };

    protected override ValueTask StartAsync()
    {
        Components.RequireLinux();
        Components.RequireSubprocesses();
        return default;
    }

    public override IRunnerEngine Connect(string instance) => ServicesOf(instance).GetRequiredService<IRunnerEngine>();

    /// <summary>The engine's parts.</summary>
    internal IServiceProvider ServicesOf(string instance)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReadiness();
        services.AddSingleton(OptionsOf(instance));
        services.AddSingleton(new ProcessOptions { Folder = Folder });
        services.AddSingleton<ProcessFolders>();
        services.AddSingleton<ProcessStart>();
        services.AddSingleton<IRunnerEngine, ProcessRunnerEngine>();
        var provider = services.BuildServiceProvider(validateScopes: true);
        _providers.Add(provider);
        return provider;
    }

    public override Task KillAsync(RunnerPlacement placement)
    {
        var stat = Directory.GetFiles(Folder, "stat", SearchOption.AllDirectories).Single(path => path.Contains(placement.Handle, StringComparison.Ordinal));
        using var process = Process.GetProcessById(ProcessIdentity.Parse(File.ReadAllText(stat), out _)!.Value.Pid);
        process.Kill();
        return Task.CompletedTask;
    }

    public override async Task ForgetAsync(string instance)
    {
        var engine = Connect(instance);
        foreach (var runner in await engine.ListAsync(CancellationToken.None))
        {
            await engine.RemoveAsync(runner.RunnerId, null, CancellationToken.None);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
        {
            await provider.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
