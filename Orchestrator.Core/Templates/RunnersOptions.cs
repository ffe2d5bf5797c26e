using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Templates;

/// <summary>Section <c>Runners</c>: session runners, and what all runners share.</summary>
public sealed class RunnersOptions : TemplateOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Runners";

    /// <summary>The template of session runners.</summary>
    public const string TemplateName = "session";

    /// <summary>
    /// Whose containers these are (label <c>orchestrator.instance</c>). Two orchestrators on one engine need two names;
    /// API instances that share engine and Redis need the same. 1 to 63 letters, digits, <c>_</c>, <c>-</c>.
    /// </summary>
    /// <value><c>port-</c> and <c>PORT</c></value>
    [Required, RegularExpression("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", ErrorMessage = "Instance is 1 to 63 letters, digits, '_' or '-'.")]
    public string Instance { get; set; } = "";

    /// <summary>Host in runners' endpoints; with a scheme it is used as it stands.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>IP address that runners' ports are published on.</summary>
    [Required]
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>Host at which readiness probes reach published ports.</summary>
    /// <value><c>Runners:Bind</c></value>
    public string? ProbeHost { get; set; }

    /// <summary>How long a lease lives after its last heartbeat.</summary>
    [Range(1.0, 30 * 86_400)]
    public double InactivityTimeoutSeconds { get; set; } = 60;

    /// <summary>Time between two sweeps of the reaper.</summary>
    [Range(0.1, 86_400)]
    public double CleanupIntervalSeconds { get; set; } = 30;

    /// <summary>Time between two reconciliations; six times that above 1,000 runners.</summary>
    [Range(0.1, 3_600)]
    public double ReconcileIntervalSeconds { get; set; } = 10;

    /// <summary>Session runners leased or being created at a time.</summary>
    /// <value>no limit</value>
    [Range(1, 1_000_000)]
    public int? MaxConcurrent { get; set; }

    /// <summary>How long a provision waits for a free place.</summary>
    [Range(0.0, 600)]
    public double ProvisionWaitSeconds { get; set; } = 10;

    /// <summary>One runner serves every session.</summary>
    public bool Reuse { get; set; }

    /// <summary>How long a container of ours without a record is left alone.</summary>
    [Range(1.0, 86_400)]
    public double OrphanGraceSeconds { get; set; } = 120;

    /// <summary>How far activity that only the guest reports may extend a lease.</summary>
    [Range(0.0, 30 * 86_400)]
    public double MaxActivityExtensionSeconds { get; set; } = 3_600;

    /// <summary>With Redis: how long an instance may be silent before another leads and takes over what it was creating.</summary>
    [Range(0.5, 300)]
    public double LeaderSeconds { get; set; } = 10;

    /// <summary>Containers started at a time.</summary>
    /// <value>the number of processors, at least 2</value>
    [Range(1, 256)]
    public int MaxParallelStarts { get; set; } = Math.Max(2, System.Environment.ProcessorCount);

    /// <summary>The template of session runners.</summary>
    public RunnerTemplate ToTemplate() => ToTemplate(TemplateName, "runner") with
    {
        LeaseTime = TimeSpan.FromSeconds(InactivityTimeoutSeconds),
        MaxLeased = Reuse ? 1 : MaxConcurrent,
        PlaceWait = TimeSpan.FromSeconds(ProvisionWaitSeconds),
        OnRelease = ReleasePolicy.Replace,
    };
}
