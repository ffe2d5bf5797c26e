namespace Orchestrator.Engines.Probes;

/// <summary>One way to check that a started runner is ready.</summary>
internal interface IReadinessProbe
{
    /// <summary>Asks once, until the caller cancels; false when it is not ready yet, for any reason.</summary>
    Task<bool> IsReadyAsync(CancellationToken cancellationToken);

    /// <summary>The target, for messages.</summary>
    string Target { get; }
}
