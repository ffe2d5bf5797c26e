using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Templates;

/// <summary>What the configuration says about a kind of runner; the base of <see cref="RunnersOptions"/>, <see cref="MachinesOptions"/> and <see cref="NamedTemplateOptions"/>.</summary>
public abstract class TemplateOptions
{
    /// <summary>The image's name.</summary>
    [Required]
    public string Image { get; set; } = "runner-image";

    /// <summary>When the image is pulled.</summary>
    public PullPolicy Pull { get; set; }

    /// <summary>The port that the image listens on.</summary>
    [Range(1, 65535)]
    public int ContainerPort { get; set; } = 3000;

    /// <summary>Environment of every container.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>How many idle runners are kept ready.</summary>
    [Range(0, 10_000)]
    public int MinIdle { get; set; } = 2;

    /// <summary>How many idle runners are kept at most; older ones go after five minutes.</summary>
    [Range(0, 10_000)]
    public int MaxIdle { get; set; } = 10;

    /// <summary>How a started runner shows that it is ready.</summary>
    public ReadyOptions Ready { get; } = new();

    /// <summary>What a runner may use at most.</summary>
    public LimitOptions Limits { get; } = new();

    /// <summary>How much the container is locked down.</summary>
    public Hardening Hardening { get; set; }

    /// <summary>The engine's runtime, <c>runsc</c> for gVisor; the engine's default when empty.</summary>
    public string? Runtime { get; set; }

    private protected RunnerTemplate ToTemplate(string name, string idPrefix) => new()
    {
        Name = name,
        IdPrefix = idPrefix,
        Image = Image,
        Pull = Pull,
        ContainerPort = ContainerPort,
        Environment = new Dictionary<string, string>(Environment),
        MinIdle = MinIdle,
        MaxIdle = Math.Max(MinIdle, MaxIdle),
        Ready = new Readiness(Ready.Probe, Ready.Path, TimeSpan.FromSeconds(Ready.TimeoutSeconds)),
        Limits = new RunnerLimits(Limits.MemoryMiB << 20, Limits.Cpus, Limits.Processes, Limits.DiskMiB << 20),
        Hardening = Hardening,
        Runtime = string.IsNullOrWhiteSpace(Runtime) ? null : Runtime,
    };
}

/// <summary>How a started runner shows that it is ready.</summary>
public sealed class ReadyOptions
{
    /// <summary>The kind of probe.</summary>
    public ReadinessKind Probe { get; set; }

    /// <summary>The path of an HTTP probe. Any answer below 500 is ready, redirects and 404 too; 5xx is not yet.</summary>
    [Required, RegularExpression("^/.*", ErrorMessage = "Path begins with '/'.")]
    public string Path { get; set; } = "/healthz";

    /// <summary>How long a runner may take to get ready after its start, in seconds.</summary>
    [Range(1.0, 600)]
    public double TimeoutSeconds { get; set; } = 30;
}

/// <summary>What a runner may use at most.</summary>
public sealed class LimitOptions
{
    /// <summary>Memory, swap included, in MiB.</summary>
    [Range(16, 1 << 20)]
    public long MemoryMiB { get; set; } = 512;

    /// <summary>Processors, in cores.</summary>
    [Range(0.01, 1024)]
    public double Cpus { get; set; } = 1;

    /// <summary>Processes and threads together.</summary>
    [Range(8, 1 << 20)]
    public int Processes { get; set; } = 256;

    /// <summary>Size of <c>/workspace</c> (strict), in MiB. It counts as memory, being a tmpfs.</summary>
    [Range(1, 1 << 20)]
    public long DiskMiB { get; set; } = 256;
}
