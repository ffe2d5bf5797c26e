using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Templates;

/// <summary>What the configuration says about a kind of runner; the base of <see cref="RunnersOptions"/>, <see cref="MachinesOptions"/> and <see cref="NamedTemplateOptions"/>.</summary>
public abstract class TemplateOptions
{
    /// <summary>The image. The variable sets session runners' only.</summary>
    [Required]
    public string Image { get; set; } = "runner-image";

    /// <summary>When the image is pulled: <c>Never</c>, <c>Missing</c>, <c>Always</c>.</summary>
    public PullPolicy Pull { get; set; }

    /// <summary>The port that the image listens on.</summary>
    [Range(1, 65535)]
    public int ContainerPort { get; set; } = 3000;

    /// <summary>Environment variables of every container.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Idle runners kept ready.</summary>
    [Range(0, 10_000)]
    public int MinIdle { get; set; } = 2;

    /// <summary>Idle runners kept at most; surplus ones are removed after five minutes, oldest first.</summary>
    [Range(0, 10_000)]
    public int MaxIdle { get; set; } = 10;

    /// <summary>How a started runner shows that it is ready.</summary>
    public ReadyOptions Ready { get; } = new();

    /// <summary>What a runner may use at most.</summary>
    public LimitOptions Limits { get; } = new();

    /// <summary>
    /// <c>Strict</c>: no capabilities, no new privileges, never root, read-only root, bounded tmpfs. <c>Compatible</c>:
    /// writable root and the image's own user; the rest as <c>Strict</c>.
    /// </summary>
    public Hardening Hardening { get; set; }

    /// <summary>The engine's runtime; <c>runsc</c> for gVisor.</summary>
    /// <value>the engine's</value>
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
        Limits = new RunnerLimits(Limits.MemoryMiB << 20, Limits.Cpus, Limits.Processes, Limits.DiskMiB << 20)
        {
            TmpBytes = Limits.TmpMiB << 20,
            ShmBytes = Limits.ShmMiB << 20,
        },
        Hardening = Hardening,
        Runtime = string.IsNullOrWhiteSpace(Runtime) ? null : Runtime,
    };
}

/// <summary>How a started runner shows that it is ready.</summary>
public sealed class ReadyOptions
{
    /// <summary>
    /// When a runner is ready. <c>Http</c>: any answer below 500 on the path; <c>Tcp</c>: its port accepts connections;
    /// <c>None</c>: it runs.
    /// </summary>
    public ReadinessKind Probe { get; set; }

    /// <summary>Path of the HTTP probe; begins with <c>/</c>.</summary>
    [Required, RegularExpression("^/.*", ErrorMessage = "Path begins with '/'.")]
    public string Path { get; set; } = "/healthz";

    /// <summary>How long a runner may take to become ready after its start.</summary>
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

    /// <summary>
    /// Size of <c>/workspace</c> in MiB (<c>Strict</c>, or in an image that gets the guest); a tmpfs, so it counts as memory.
    /// </summary>
    [Range(1, 1 << 20)]
    public long DiskMiB { get; set; } = 256;

    /// <summary>
    /// Size of <c>/tmp</c> in MiB (<c>Strict</c> only; otherwise it is the image's); a tmpfs, so it counts as memory, and
    /// never exceeds <c>MemoryMiB</c>.
    /// </summary>
    [Range(1, 1 << 20)]
    public long TmpMiB { get; set; } = 64;

    /// <summary>Size of <c>/dev/shm</c> in MiB; counts as memory, and never exceeds <c>MemoryMiB</c>.</summary>
    [Range(1, 1 << 20)]
    public long ShmMiB { get; set; } = 64;
}
