namespace Orchestrator.Core.Templates;

/// <summary>When the image of a template is pulled.</summary>
public enum PullPolicy
{
    /// <summary>Never: it is built or loaded by the operator.</summary>
    Never,

    /// <summary>When the engine does not have it.</summary>
    Missing,

    /// <summary>Before every start of the orchestrator's pool, and when missing.</summary>
    Always,
}

/// <summary>The hardening of a container.</summary>
public enum Hardening
{
    /// <summary>No capabilities, no new privileges, never root, read-only root with bounded tmpfs.</summary>
    Strict,

    /// <summary>Writable root and the image's own user; everything else as in <see cref="Strict"/>.</summary>
    Compatible,
}

/// <summary>The fate of a runner that its owner releases.</summary>
public enum ReleasePolicy
{
    /// <summary>It is removed; the pool starts a fresh one.</summary>
    Replace,

    /// <summary>It returns to the pool as it is (docs/contract/worker-machines.md).</summary>
    Reuse,
}

/// <summary>The readiness probe of a started runner.</summary>
public enum ReadinessKind
{
    /// <summary>A GET on <see cref="Readiness.Path"/> is answered with a status below 500; 404 too, for images without that path.</summary>
    Http,

    /// <summary>The container's own address accepts a TCP connection on the template's port.</summary>
    Tcp,

    /// <summary>It runs.</summary>
    None,
}

/// <summary>The readiness probe of a started runner, and its time-out.</summary>
/// <param name="Kind">The kind of probe.</param>
/// <param name="Path">The path of an HTTP probe.</param>
/// <param name="Timeout">How long after its start a runner may take to become ready.</param>
public sealed record Readiness(ReadinessKind Kind, string Path, TimeSpan Timeout);

/// <summary>The limits of a runner.</summary>
/// <param name="MemoryBytes">Memory, swap included, in bytes.</param>
/// <param name="Cpus">Processors, in cores.</param>
/// <param name="Processes">Processes and threads together.</param>
/// <param name="DiskBytes">Size of <c>/workspace</c> (strict), in bytes.</param>
public sealed record RunnerLimits(long MemoryBytes, double Cpus, int Processes, long DiskBytes)
{
    private const long Usual = 64L << 20;

    /// <summary>Size of <c>/tmp</c> (strict), in bytes.</summary>
    public long TmpBytes { get; init; } = Usual;

    /// <summary>Size of <c>/dev/shm</c>, in bytes.</summary>
    public long ShmBytes { get; init; } = Usual;
}

/// <summary>How a kind of runner is made, and how its pool is kept. One pool per template.</summary>
public sealed record RunnerTemplate
{
    /// <summary>The template's name, as in labels, metrics and lists: <c>session</c>, <c>machine</c>, or one of the operator's.</summary>
    public required string Name { get; init; }

    /// <summary>The prefix of its runners' ids.</summary>
    public required string IdPrefix { get; init; }

    /// <summary>The image's name.</summary>
    public required string Image { get; init; }

    /// <summary>When the image is pulled.</summary>
    public PullPolicy Pull { get; init; }

    /// <summary>The port that the image listens on, 1 to 65535.</summary>
    public int ContainerPort { get; init; } = 3000;

    /// <summary>Whether an image that is not ours gets our guest, which then listens on <see cref="ContainerPort"/>.</summary>
    public bool Guest { get; init; }

    /// <summary>
    /// What runs beside the guest in such an image: <see cref="ImageCommand"/>, a line for its shell, or null for nothing.
    /// </summary>
    public string? StartCommand { get; init; }

    /// <summary>The <see cref="StartCommand"/> that is the image's own entry point and command.</summary>
    public const string ImageCommand = "image";

    /// <summary>Environment of the container, besides the orchestrator's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The minimum of idle runners, as far as <see cref="MaxLeased"/> allows them to be leased.</summary>
    public int MinIdle { get; init; }

    /// <summary>The maximum of idle runners; surplus ones are removed, oldest first, after <see cref="SurplusAfter"/>.</summary>
    public int MaxIdle { get; init; } = int.MaxValue;

    /// <summary>How long a surplus runner stays idle before it is removed.</summary>
    public TimeSpan SurplusAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many runners may be leased or created for an owner at a time; null for no limit.</summary>
    public int? MaxLeased { get; init; }

    /// <summary>How long a call waits for a place when <see cref="MaxLeased"/> is reached; zero refuses it at once.</summary>
    public TimeSpan PlaceWait { get; init; }

    /// <summary>How long a lease lives after its last heartbeat; null for ever.</summary>
    public TimeSpan? LeaseTime { get; init; }

    /// <summary>The first port to reserve on the public host, counting up; null when the engine chooses.</summary>
    public int? FirstPort { get; init; }

    /// <summary>The fate of a released runner.</summary>
    public ReleasePolicy OnRelease { get; init; }

    /// <summary>The readiness probe.</summary>
    public Readiness Ready { get; init; } = new(ReadinessKind.Http, "/healthz", TimeSpan.FromSeconds(30));

    /// <summary>The limits of a runner.</summary>
    public RunnerLimits Limits { get; init; } = new(512L << 20, 1, 256, 256L << 20);

    /// <summary>The hardening of the container.</summary>
    public Hardening Hardening { get; init; }

    /// <summary>The engine's runtime, <c>runsc</c> for gVisor; null for the engine's default.</summary>
    public string? Runtime { get; init; }

    /// <summary>True when <c>host.docker.internal</c> resolves inside.</summary>
    public bool HostAlias { get; init; }
}
