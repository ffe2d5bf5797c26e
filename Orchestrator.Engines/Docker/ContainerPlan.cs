using System.Globalization;
using System.Text.Json;
using Docker.DotNet.Models;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>The engine's parameters of a runner's container. Code inside is not trusted; everything unneeded is removed.</summary>
internal static class ContainerPlan
{
    /// <summary>The user of code whose image would run it as root.</summary>
    public const string Nobody = "65534:65534";

    // Where strict runners, and those with a guest, may write; of that size it counts as memory.
    private const string Home = "/workspace";

    // Plenty for one session, and below the engines' own hard limit: an engine without privileges can only lower it.
    private const long OpenFiles = 4_096;

    /// <summary>The engine's parameters for a runner.</summary>
    /// <param name="spec">The runner to make.</param>
    /// <param name="instance">The instance that keeps it.</param>
    /// <param name="plan">The template's <see cref="HashOf"/>.</param>
    /// <param name="image">The image's current facts.</param>
    /// <param name="guest">The version of the guest that is brought into the image; null for an image as it is.</param>
    /// <param name="networkId">The instance's network; null for a runner without network.</param>
    /// <param name="late">Whether the container starts without its network, to be connected while it starts.</param>
    /// <param name="bind">The host address that ports are published on.</param>
    public static CreateContainerParameters Of(RunnerSpec spec, string instance, string plan, ImageFacts image, string? guest, string? networkId, bool late, string bind)
    {
        var template = spec.Template;
        var strict = template.Hardening == Hardening.Strict;
        var port = PortKey(template);
        return new CreateContainerParameters
        {
            Name = DockerNames.Of(spec.RunnerId, spec.Owner),
            Image = template.Image,
            User = guest is null ? UserOf(template, image) : GuestVolume.ServerUser,
            Entrypoint = guest is null ? null! : [GuestVolume.Program],
            Cmd = guest is null ? null! : ["serve"],
            // The image's own may be closed to the guest's users, and an exec there would fail.
            WorkingDir = guest is null ? null! : "/",
            Env = Environment(spec, hasHome: guest is not null || (strict && image.Supervisor is null)),
            Labels = DockerLabels.Of(spec, instance, plan, guest),
            ExposedPorts = networkId is null ? null : new Dictionary<string, EmptyStruct> { [port] = default },
            HostConfig = new HostConfig
            {
                NetworkMode = late ? DockerBridge.None : networkId ?? DockerBridge.None,
                PortBindings = networkId is null ? null! : new Dictionary<string, IList<PortBinding>>
                {
                    [port] = [new PortBinding { HostIP = bind, HostPort = spec.Port?.ToString(CultureInfo.InvariantCulture) ?? "" }],
                },
                ExtraHosts = template.HostAlias && networkId is not null ? ["host.docker.internal:host-gateway"] : null!,
                RestartPolicy = new RestartPolicy { Name = RestartPolicyKind.No },
                Runtime = template.Runtime,
                Init = true,
                IpcMode = "private",
                CapDrop = ["ALL"],
                SecurityOpt = ["no-new-privileges"],
                ReadonlyRootfs = strict,
                Tmpfs = Tmpfs(template.Limits, strict, guest, UserOf(template, image)),
                Mounts = guest is null ? null! : [GuestVolume.MountOf(guest)],
                ShmSize = Math.Min(template.Limits.ShmBytes, template.Limits.MemoryBytes),
                Memory = template.Limits.MemoryBytes,
                MemorySwap = template.Limits.MemoryBytes,
                NanoCPUs = (long)(template.Limits.Cpus * 1_000_000_000),
                PidsLimit = template.Limits.Processes,
                Ulimits = [Limit("nofile", OpenFiles), Limit("core", 0)],
                LogConfig = new LogConfig
                {
                    Type = "json-file",
                    Config = new Dictionary<string, string> { ["max-size"] = "10m", ["max-file"] = "2" },
                },
            },
        };
    }

    /// <summary>
    /// The hash of all parameters of a template's pooled runners, computed from the engine's parameters themselves, so that
    /// none is forgotten; parameters that differ from runner to runner are left out.
    /// </summary>
    public static string HashOf(RunnerTemplate template, string bind)
    {
        var any = new RunnerSpec("", template, null, "", RunnerNetwork.Bridge, template.FirstPort);
        // Whether an image needs the guest is not known here; its version is part of the image's identity (GuestVolume).
        return PlanHash.Of(
            template,
            JsonSerializer.Serialize(Of(any, "", "", new ImageFacts("", ""), null, "", late: false, bind)),
            template.Guest ? "guest" : "",
            template.StartCommand ?? "");
    }

    /// <summary>The user of an image's own program; empty for the one that the image sets.</summary>
    public static string UserOf(RunnerTemplate template, ImageFacts image) =>
        template.Hardening == Hardening.Strict && image.IsRoot ? Nobody : "";

    /// <summary>The template's port as the engine writes it, <c>3000/tcp</c>.</summary>
    public static string PortKey(RunnerTemplate template) => string.Create(CultureInfo.InvariantCulture, $"{template.ContainerPort}/tcp");

    // Last, so that the template cannot change variables that the runner's own program relies on.
    private static List<string> Environment(RunnerSpec spec, bool hasHome) =>
    [
        .. hasHome && !spec.Template.Environment.ContainsKey("HOME") ? (string[])[$"HOME={Home}"] : [],
        .. spec.Template.Environment.Select(v => $"{v.Key}={v.Value}"),
        string.Create(CultureInfo.InvariantCulture, $"PORT={spec.Template.ContainerPort}"),
        $"RUNNER_ID={spec.RunnerId}",
        $"{RunnerToken.HashVariable}={RunnerToken.Hash(spec.Token)}",
    ];

    // Without them a strict runner could write nowhere, and in a foreign image none of the guest's users has a home.
    private static Dictionary<string, string>? Tmpfs(RunnerLimits limits, bool strict, string? guest, string user)
    {
        // Runtimes give a mount the mode of the folder that it covers, if the image has one; an owner stays.
        var owner = guest is null ? user : GuestVolume.CodeUser;
        var home = TmpfsOptions(limits.DiskBytes) + (owner.Split(':') is [var uid, var gid] ? $",uid={uid},gid={gid}" : "");
        return strict ? new() { ["/tmp"] = TmpfsOptions(Math.Min(limits.TmpBytes, limits.MemoryBytes)), [Home] = home }
            : guest is not null ? new() { [Home] = home }
            : null;
    }

    private static string TmpfsOptions(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"rw,exec,nosuid,nodev,mode=1777,size={bytes}");

    private static Ulimit Limit(string name, long value) => new() { Name = name, Soft = value, Hard = value };
}
