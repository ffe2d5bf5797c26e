namespace Orchestrator.Engines.Processes;

/// <summary>Section <c>Processes</c>: runners as local processes, in Development where there is no Docker.</summary>
internal sealed class ProcessOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Processes";

    /// <summary>The folder that runners work in; <c>runners</c> in the data folder when empty.</summary>
    public string Folder { get; set; } = "";
}
