namespace Orchestrator.Engines.Probes;

/// <summary>One way a started runner shows that it is ready.</summary>
internal interface IReadinessProbe
{
    /// <summary>Asks once, for as long as the caller has patience; false when it is not ready yet, whatever the reason.</summary>
    Task<bool> IsReadyAsync(CancellationToken cancellationToken);

    /// <summary>What is asked, for messages.</summary>
    string Target { get; }
}
