using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Core;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// The nth runner of a simulated fleet, the same in store and engine though each has its own process. One in ten is
/// idle, the others are leased to a session each.
/// </summary>
internal readonly record struct ListedRunner(int Number)
{
    public const string Instance = "bench-scale";
    public const string Image = "runner-image";
    public const string Network = "orchestrator-" + Instance;
    public const string Supervisor = "/opt/orchestrator/Orchestrator.Guest";

    public static readonly string ImageId = "sha256:" + Hash("image");

    // From the default settings, which the benchmarks keep.
    public static readonly string Plan = ContainerPlan.HashOf(new RunnersOptions().ToTemplate(), "127.0.0.1");

    // Long ago, so that no runner looks as if another process were still creating it.
    private static readonly DateTimeOffset Made = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public string Id => string.Create(CultureInfo.InvariantCulture, $"runner-{Made.ToUnixTimeMilliseconds() + Number}-{Number:d9}");

    public string ContainerId => Hash(Id);

    /// <summary>Its session; null for an idle one.</summary>
    public Owner? Owner => Number % 10 == 0 ? null : Core.Owner.Session(string.Create(CultureInfo.InvariantCulture, $"session-{Number}"));

    public int HostPort => 10_000 + (Number % 50_000);

    public string Address => string.Create(CultureInfo.InvariantCulture, $"172.{18 + (Number >> 16)}.{(Number >> 8) & 255}.{Number & 255}");

    public RunnerPlacement Placement => new(ContainerId, Image, ImageId, Address, HostPort);

    /// <summary>Its entry in a listing of Docker 20.10, as long and as varied as a real one.</summary>
    public string Json => string.Create(CultureInfo.InvariantCulture, $$$$"""
        {"Id":"{{{{ContainerId}}}}","Names":["/{{{{DockerNames.Of(Id, Owner)}}}}"],"Image":"{{{{Image}}}}","ImageID":"{{{{ImageId}}}}","Command":"{{{{Supervisor}}}}","Created":{{{{Made.ToUnixTimeSeconds()}}}},"Ports":[{"IP":"127.0.0.1","PrivatePort":3000,"PublicPort":{{{{HostPort}}}},"Type":"tcp"}],"Labels":{"{{{{DockerLabels.Instance}}}}":"{{{{Instance}}}}","{{{{DockerLabels.Runner}}}}":"{{{{Id}}}}","{{{{DockerLabels.Template}}}}":"session","{{{{DockerLabels.Plan}}}}":"{{{{Plan}}}}","{{{{DockerLabels.Session}}}}":"{{{{Id}}}}","{{{{DockerLabels.Supervisor}}}}":"{{{{Supervisor}}}}","{{{{DockerLabels.CodeUser}}}}":"10002:10002"},"State":"running","Status":"Up 2 hours","HostConfig":{"NetworkMode":"{{{{Network}}}}"},"NetworkSettings":{"Networks":{"{{{{Network}}}}":{"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"{{{{Hash(Network)}}}}","EndpointID":"{{{{Hash(Address)}}}}","Gateway":"172.18.0.1","IPAddress":"{{{{Address}}}}","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:12:00:02","DriverOpts":null}}},"Mounts":[]}
        """);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
