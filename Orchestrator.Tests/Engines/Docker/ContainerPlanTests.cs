using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>What changes the hash of a container's plan, and what does not.</summary>
public sealed class ContainerPlanTests
{
    private static readonly RunnerTemplate Template = new() { Name = "session", IdPrefix = "runner", Image = "image:1" };

    public static TheoryData<string> Changes { get; } = [.. Changed.Keys];

    public static TheoryData<string> Others { get; } = [.. Unchanged.Keys];

    private static Dictionary<string, Func<RunnerTemplate, RunnerTemplate>> Changed => new()
    {
        ["image"] = t => t with { Image = "image:2" },
        ["port"] = t => t with { ContainerPort = 3001 },
        ["first port"] = t => t with { FirstPort = 9093 },
        ["environment"] = t => t with { Environment = new Dictionary<string, string> { ["A"] = "1" } },
        ["memory"] = t => t with { Limits = t.Limits with { MemoryBytes = 256L << 20 } },
        ["cpus"] = t => t with { Limits = t.Limits with { Cpus = 0.5 } },
        ["processes"] = t => t with { Limits = t.Limits with { Processes = 64 } },
        ["disk"] = t => t with { Limits = t.Limits with { DiskBytes = 1L << 20 } },
        ["tmp"] = t => t with { Limits = t.Limits with { TmpBytes = 1L << 20 } },
        ["shared memory"] = t => t with { Limits = t.Limits with { ShmBytes = 1L << 20 } },
        ["guest"] = t => t with { Guest = true },
        ["start command"] = t => t with { StartCommand = RunnerTemplate.ImageCommand },
        ["hardening"] = t => t with { Hardening = Hardening.Compatible },
        ["runtime"] = t => t with { Runtime = "runsc" },
        ["alias"] = t => t with { HostAlias = true },
        ["probe"] = t => t with { Ready = t.Ready with { Kind = ReadinessKind.Tcp } },
        ["path"] = t => t with { Ready = t.Ready with { Path = "/other" } },
    };

    private static Dictionary<string, Func<RunnerTemplate, RunnerTemplate>> Unchanged => new()
    {
        ["nothing"] = t => t with { },
        ["pool"] = t => t with { MinIdle = 5, MaxIdle = 6, SurplusAfter = TimeSpan.Zero },
        ["capacity"] = t => t with { MaxLeased = 1, PlaceWait = TimeSpan.FromSeconds(1) },
        ["lease"] = t => t with { LeaseTime = TimeSpan.FromSeconds(1), OnRelease = ReleasePolicy.Reuse },
        ["pull"] = t => t with { Pull = PullPolicy.Always },
        ["patience"] = t => t with { Ready = t.Ready with { Timeout = TimeSpan.FromSeconds(1) } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void HashOf_WhatARunnerIsMadeWith_Changes(string what) =>
        Assert.NotEqual(HashOf(Template), HashOf(Changed[what](Template)));

    [Theory]
    [MemberData(nameof(Others))]
    public void HashOf_HowItsPoolIsKept_StaysTheSame(string what) =>
        Assert.Equal(HashOf(Template), HashOf(Unchanged[what](Template)));

    [Fact]
    public void HashOf_AnotherAddressToPublishOn_Changes() =>
        Assert.NotEqual(HashOf(Template), ContainerPlan.HashOf(Template, "0.0.0.0"));

    private static string HashOf(RunnerTemplate template) => ContainerPlan.HashOf(template, "127.0.0.1");
}
