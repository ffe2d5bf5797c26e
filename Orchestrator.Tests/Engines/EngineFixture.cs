using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines;

/// <summary>A kind of engine as the contract's tests want it.</summary>
public abstract class EngineFixture : ComponentFixture
{
    /// <summary>A template that gets ready by HTTP.</summary>
    public abstract RunnerTemplate Template { get; }

    /// <summary>Connects to the engine anew, as another start of the orchestrator would.</summary>
    /// <param name="instance">The instance; removed with all it holds at the end.</param>
    public abstract IRunnerEngine Connect(string instance);

    /// <summary>Lets a runner die by itself.</summary>
    public abstract Task KillAsync(RunnerPlacement placement);

    /// <summary>Removes all that an instance holds; the engine's networks are few.</summary>
    public abstract Task ForgetAsync(string instance);

    /// <summary>An instance that no other test uses.</summary>
    public static string NewInstance() => $"t{Guid.NewGuid():N}"[..16];

    /// <summary>What to start.</summary>
    public RunnerSpec Spec(Owner? owner = null, int? hostPort = null, RunnerNetwork network = RunnerNetwork.Bridge) => new(
        RunnerId.Create("runner", DateTimeOffset.UtcNow), Template, owner, RunnerId.CreateToken(), network, hostPort);

    protected static RunnersOptions OptionsOf(string instance) => new() { Instance = instance };
}
