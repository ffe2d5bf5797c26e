using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Templates;

/// <summary>Section <c>Machines</c>: the machines of docs/contract/worker-machines.md.</summary>
public sealed class MachinesOptions : TemplateOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Machines";

    /// <summary>The template of machines.</summary>
    public const string TemplateName = "machine";

    /// <summary>The first port that a machine gets; the next ones count up.</summary>
    [Range(1, 65535)]
    public int FirstPort { get; set; } = 9093;

    /// <summary>How many machines may be used at a time; a further project is refused at once.</summary>
    [Range(1, 50_000)]
    public int Max { get; set; } = 50;

    /// <summary>Whether a released machine goes back to the pool or is replaced by a fresh one.</summary>
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
