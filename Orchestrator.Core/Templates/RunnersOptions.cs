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
    /// The instance: which runners on the engine this orchestrator keeps (label <c>orchestrator.instance</c>); two
    /// orchestrators on one engine need two names. By default made from the port of the sessions listener.
    /// </summary>
    [Required, RegularExpression("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", ErrorMessage = "Instance is 1 to 63 letters, digits, '_' or '-'.")]
    public string Instance { get; set; } = "";

    /// <summary>The host that callers reach runners at (<c>RUNNERS_HOST</c>); with a scheme it is used as it stands.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>The address that runners' ports are published on (<c>RUNNERS_BIND</c>).</summary>
    [Required]
    public string Bind { get; set; } = "127.0.0.1";

    /// <summary>The host at which readiness probes reach published ports; <see cref="Bind"/> when empty.</summary>
    public string? ProbeHost { get; set; }

    /// <summary>How long a lease lives after its last sign of life, in seconds (<c>INACTIVITY_TIMEOUT_SECONDS</c>).</summary>
    [Range(1.0, 30 * 86_400)]
    public double InactivityTimeoutSeconds { get; set; } = 60;

    /// <summary>The time between two sweeps, in seconds (<c>CLEANUP_INTERVAL_SECONDS</c>).</summary>
    [Range(0.1, 86_400)]
    public double CleanupIntervalSeconds { get; set; } = 30;

    /// <summary>The time between two reconciliations, in seconds; six times that above 1,000 runners.</summary>
    [Range(0.1, 3_600)]
    public double ReconcileIntervalSeconds { get; set; } = 10;

    /// <summary>How many session runners may be leased or created at a time (<c>MAX_CONCURRENT_RUNNERS</c>); null for no limit.</summary>
    [Range(1, 1_000_000)]
    public int? MaxConcurrent { get; set; }

    /// <summary>How long a session's provision waits for a free place, in seconds (<c>PROVISION_WAIT_SECONDS</c>).</summary>
    [Range(0.0, 600)]
    public double ProvisionWaitSeconds { get; set; } = 10;

    /// <summary>Whether one runner serves everybody (<c>REUSE_RUNNER_MODE</c>).</summary>
    public bool Reuse { get; set; }

    /// <summary>How long a container of ours without a record is left alone, in seconds.</summary>
    [Range(1.0, 86_400)]
    public double OrphanGraceSeconds { get; set; } = 120;

    /// <summary>How far activity that only the runner reports may extend a lease, in seconds.</summary>
    [Range(0.0, 30 * 86_400)]
    public double MaxActivityExtensionSeconds { get; set; } = 3_600;

    /// <summary>
    /// How long an instance may be silent, in seconds, before another one takes over: that which looks after an engine's
    /// runners, and that which was just making one. Of no matter where the store belongs to one instance.
    /// </summary>
    [Range(0.5, 300)]
    public double LeaderSeconds { get; set; } = 10;

    /// <summary>How many containers are started at a time; parallel starts slow each other down inside the engine.</summary>
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
