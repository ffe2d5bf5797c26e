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
    /// <param name="group">The orchestrator's group; removed with all it holds at the end.</param>
    public abstract IRunnerEngine Connect(string group);

    /// <summary>Lets a runner die by itself.</summary>
    public abstract Task KillAsync(RunnerPlacement placement);

    /// <summary>Removes all that a group holds; the engine's networks are few.</summary>
    public abstract Task ForgetAsync(string group);

    /// <summary>A group that no other test uses.</summary>
    public static string NewGroup() => $"t{Guid.NewGuid():N}"[..16];

    /// <summary>What to start.</summary>
    public RunnerSpec Spec(Owner? owner = null, int? hostPort = null, RunnerNetwork network = RunnerNetwork.Bridge) => new(
        RunnerId.Create("runner", DateTimeOffset.UtcNow), Template, owner, RunnerId.CreateToken(), network, hostPort);

    protected static RunnersOptions OptionsOf(string group) => new() { Instance = group };
}
