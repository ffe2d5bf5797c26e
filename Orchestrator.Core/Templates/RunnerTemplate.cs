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

/// <summary>How much a container is locked down.</summary>
public enum Hardening
{
    /// <summary>No capabilities, no new privileges, never root, read-only root with bounded tmpfs.</summary>
    Strict,

    /// <summary>Writable root and the image's own user; everything else as in <see cref="Strict"/>.</summary>
    Compatible,
}

/// <summary>What happens to a runner that its owner gives back.</summary>
public enum ReleasePolicy
{
    /// <summary>It is removed; the pool makes a fresh one.</summary>
    Replace,

    /// <summary>It goes back to the pool as it is (docs/contract/worker-machines.md).</summary>
    Reuse,
}

/// <summary>How a started runner shows that it is ready.</summary>
public enum ReadinessKind
{
    /// <summary>A GET on <see cref="Readiness.Path"/> is answered with a status below 500; 404 too, which an image without that path gives.</summary>
    Http,

    /// <summary>The container's own address accepts a TCP connection on the template's port.</summary>
    Tcp,

    /// <summary>It runs.</summary>
    None,
}

/// <summary>How a started runner shows that it is ready, and how long that may take.</summary>
/// <param name="Kind">The kind of probe.</param>
/// <param name="Path">The path of an HTTP probe.</param>
/// <param name="Timeout">How long after its start a runner may take to get ready.</param>
public sealed record Readiness(ReadinessKind Kind, string Path, TimeSpan Timeout);

/// <summary>What a runner may use at most.</summary>
/// <param name="MemoryBytes">Memory, swap included, in bytes.</param>
/// <param name="Cpus">Processors, in cores.</param>
/// <param name="Processes">Processes and threads together.</param>
/// <param name="DiskBytes">Size of <c>/workspace</c> (strict), in bytes.</param>
public sealed record RunnerLimits(long MemoryBytes, double Cpus, int Processes, long DiskBytes);

/// <summary>What a kind of runner is made like, and how its pool is kept. One pool per template.</summary>
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

    /// <summary>Environment of the container, besides what the orchestrator sets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How many idle runners are kept at least, as far as <see cref="MaxLeased"/> leaves use for them.</summary>
    public int MinIdle { get; init; }

    /// <summary>How many idle runners are kept at most; surplus ones go, oldest first, after <see cref="SurplusAfter"/>.</summary>
    public int MaxIdle { get; init; } = int.MaxValue;

    /// <summary>How long a surplus runner stays idle before it is removed.</summary>
    public TimeSpan SurplusAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many runners may be leased or created for an owner at a time; null for no limit.</summary>
    public int? MaxLeased { get; init; }

    /// <summary>How long a call waits for a place when <see cref="MaxLeased"/> is reached; zero refuses it at once.</summary>
    public TimeSpan PlaceWait { get; init; }

    /// <summary>How long a lease lives after its last sign of life; null for ever.</summary>
    public TimeSpan? LeaseTime { get; init; }

    /// <summary>The first port to reserve on the public host, counting up; null when the engine chooses.</summary>
    public int? FirstPort { get; init; }

    /// <summary>What happens to a runner that is given back.</summary>
    public ReleasePolicy OnRelease { get; init; }

    /// <summary>How a runner shows that it is ready.</summary>
    public Readiness Ready { get; init; } = new(ReadinessKind.Http, "/healthz", TimeSpan.FromSeconds(30));

    /// <summary>What a runner may use at most.</summary>
    public RunnerLimits Limits { get; init; } = new(512L << 20, 1, 256, 256L << 20);

    /// <summary>How much the container is locked down.</summary>
    public Hardening Hardening { get; init; }

    /// <summary>The engine's runtime, <c>runsc</c> for gVisor; null for the engine's default.</summary>
    public string? Runtime { get; init; }

    /// <summary>True when <c>host.docker.internal</c> resolves inside.</summary>
    public bool HostAlias { get; init; }
}
