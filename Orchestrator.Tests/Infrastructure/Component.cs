namespace Orchestrator.Tests.Infrastructure;

/// <summary>A part of the machine that some tests need and that may be missing.</summary>
/// <param name="Name">Its name in the table of skipped tests.</param>
/// <param name="Install">What makes it available, a command where there is one.</param>
/// <param name="Programs">The programs any one of which provides it; empty where <see cref="Components.Require(string)"/> can't look for it.</param>
internal sealed record Component(string Name, string Install, params string[] Programs)
{
    public static readonly Component Engine = new("Docker engine", "apt-get install docker.io, then start dockerd");

    public static readonly Component EngineAccess = new("Docker socket access", "add this user to the group docker");

    public static readonly Component EngineRestart = new("Docker engine to restart", "ORCHESTRATOR_MAY_RESTART_ENGINE=1, where only these tests use the engine");

    public static readonly Component RunnerImage = new("runner-image", "./orchestrator images");

    public static readonly Component NativeGuest = new("native guest", "apt-get install clang lld, then ./orchestrator images");

    public static readonly Component Musl = new("musl", "apt-get install musl");

    public static readonly Component Busybox = new("busybox", "apt-get install busybox-static");

    public static readonly Component GVisor = new("gVisor", "apt-get install runsc, then register it as a runtime of the engine");

    public static readonly Component Redis = new("Redis", "apt-get install redis-server", "redis-server");

    public static readonly Component Valkey = new("Valkey", "apt-get install valkey-server", "valkey-server");

    public static readonly Component Prometheus = new("Prometheus", "apt-get install prometheus", "prometheus");

    public static readonly Component Promtool = new("promtool", "apt-get install prometheus", "promtool");

    /// <summary>The shell has no windows to draw, and takes a third less of the processors than the browser.</summary>
    public static readonly Component Chromium = new("Chromium", "apt-get install chromium-headless-shell", "chromium-headless-shell", "chromium");

    public static readonly Component Npm = new("npm", "apt-get install npm", "npm");

    public static readonly Component Mmdebstrap = new("mmdebstrap", "apt-get install mmdebstrap", "mmdebstrap");

    public static readonly Component DockerCompose = new("docker-compose", "apt-get install docker-compose", "docker-compose");

    public static readonly Component DockerRegistry = new("docker-registry", "apt-get install docker-registry", "docker-registry");

    public static readonly Component Faketime = new("faketime", "apt-get install faketime", "faketime");

    public static readonly Component Python = new("Python", "apt-get install python3", "python3");

    public static readonly Component Node = new("Node.js", "apt-get install nodejs", "node");

    public static readonly Component Vim = new("Vim", "apt-get install vim", "vim");

    public static readonly Component Subprocesses = new("subprocesses", "./orchestrator test, without --quick");

    public static readonly Component Linux = new("Linux", "the process engine runs on Linux only");

    public static readonly Component ControlGroups = new("control groups", "mount /sys/fs/cgroup in containers");

    public static readonly Component Network = new("network", "a network interface that is up");

    public static readonly Component OpenFiles = new("open files", "ulimit -n 4096, or more");

    public static readonly Component Root = new("root", "sudo");

    public static readonly Component Mounts = new("mounts", "a machine or container that may mount");

    private static readonly Component[] WithPrograms = [Redis, Valkey, Prometheus, Promtool, Chromium, Npm, Mmdebstrap, DockerCompose, DockerRegistry, Faketime, Python, Node, Vim];

    /// <summary>Why a test is skipped; the script makes a table of these.</summary>
    public string Reason(string why) => $"{Name} missing: {why}. Install: {Install}";

    /// <summary>The component that a program provides.</summary>
    /// <exception cref="InvalidOperationException">No component lists the program.</exception>
    public static Component Of(string program) => WithPrograms.Single(component => component.Programs.Contains(program));
}
