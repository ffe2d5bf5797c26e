using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Templates;

/// <summary>Section <c>Machines</c>: the machines of docs/contract/worker-machines.md.</summary>
public sealed class MachinesOptions : TemplateOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Machines";

    /// <summary>The template of machines.</summary>
    public const string TemplateName = "machine";

    /// <summary>First port of a machine; the next ones count up.</summary>
    [Range(1, 65535)]
    public int FirstPort { get; set; } = 9093;

    /// <summary>Machines assigned at a time; a further project is refused at once.</summary>
    [Range(1, 50_000)]
    public int Max { get; set; } = 50;

    /// <summary>A released machine goes back to the pool as it is (<c>Reuse</c>) or is replaced by a fresh one (<c>Replace</c>).</summary>
    public ReleasePolicy OnRelease { get; set; } = ReleasePolicy.Reuse;

    /// <summary>The template of machines.</summary>
    public RunnerTemplate ToTemplate() => ToTemplate(TemplateName, "worker") with
    {
        MaxLeased = Max,
        FirstPort = FirstPort,
        OnRelease = OnRelease,
        HostAlias = true,
    };
}
