namespace Orchestrator.Engines.Processes;

/// <summary>Section <c>Processes</c>: runners as local processes, in Development where there is no Docker.</summary>
public sealed class ProcessOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Processes";

    /// <summary>Where process runners work.</summary>
    /// <value><c>runners</c> in the data folder</value>
    public string Folder { get; set; } = "";
}
