namespace Orchestrator.Tests.EndToEnd;

/// <summary>Tests on the real engine that load it: one at a time, beside the other tests.</summary>
[CollectionDefinition(Name)]
public sealed class OnTheEngine
{
    public const string Name = "On the engine";
}

/// <summary>Tests that nothing else may run beside: they measure time, or take the engine away from everybody.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone on the engine";
}
