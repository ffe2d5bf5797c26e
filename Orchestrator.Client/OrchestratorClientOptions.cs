namespace Orchestrator.Client;

/// <summary>Where Orchestrator is, and how it is called.</summary>
public sealed class OrchestratorClientOptions
{
    /// <summary>The listener of sessions and tasks.</summary>
    public Uri SessionsAddress { get; set; } = new("http://localhost:3001");

    /// <summary>The listener of machines.</summary>
    public Uri MachinesAddress { get; set; } = new("http://localhost:9092");

    /// <summary>One of the server's <c>Security:ApiKeys</c>; null where it has none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>How long an answer may take; a command may take its own time in addition.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);
}
