using Docker.DotNet.Models;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Sandbox;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The guest in images that lack it, whatever their C library, users and entry point.</summary>
public sealed class ForeignGuestTests(SupervisedEngineFixture fixture) : IClassFixture<SupervisedEngineFixture>, IAsyncLifetime
{
    private const string WhoAndWhere = "echo $(id -u):$(id -g) $HOME; cd $HOME && echo kept > file && cat file";

    private readonly string _instance = EngineFixture.NewInstance();
    private readonly List<string> _made = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= Services(SupervisedEngineFixture.Image).GetRequiredService<IRunnerEngine>();

    public async ValueTask InitializeAsync()
    {
        fixture.Require();
        var image = await fixture.Client.Images.InspectImageAsync(SupervisedEngineFixture.Image, Cancel);
        if (ImageFacts.Of(image).Guest is null)
        {
            Components.Missing(Component.NativeGuest, $"the program of {SupervisedEngineFixture.Image} is not compiled natively");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await fixture.ForgetAsync(_instance);
        foreach (var image in _made)
        {
            await fixture.Client.Images.DeleteImageAsync(image, new ImageDeleteParameters { Force = true });
        }
    }

    [Theory]
    [InlineData(Hardening.Strict)]
    [InlineData(Hardening.Compatible)]
    public async Task Run_InDebianWithoutUsersOrOpenSsl_IsTheCodeUsersWithAHome(Hardening hardening)
    {
        await ForeignImages.RequireDebianAsync(fixture.Client, Cancel);

        var runner = await StartAsync(TemplateOf(ForeignImages.Debian) with { Hardening = hardening });

        Assert.Equal("10002:10002 /workspace\nkept\n", await RunAsync(runner, WhoAndWhere));
        Assert.Equal("none\n", await RunAsync(runner, "[ -e /etc/passwd ] && echo one || echo none"));
    }

    [Fact]
    public async Task Run_InARootWithMusl_IsTheCodeUsersWithAHome()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);

        var runner = await StartAsync(TemplateOf(ForeignImages.Musl));

        Assert.Equal("10002:10002 /workspace\nkept\n", await RunAsync(runner, WhoAndWhere));
        Assert.Contains("musl libc", await RunAsync(runner, "/lib/ld-musl-*.so.1 2>&1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guest_IsAReadOnlyVolumeServedByAUserOfItsOwn()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);

        var runner = await StartAsync(TemplateOf(ForeignImages.Musl));

        var container = await fixture.Client.Containers.InspectContainerAsync(runner.Placement.Handle, Cancel);
        Assert.Equal("10001:10001", container.Config!.User);
        var mount = Assert.Single(container.Mounts!, mount => mount.Type == "volume");
        Assert.Equal((GuestVolume.Folder, false), (mount.Destination, mount.RW));
        Assert.StartsWith("orchestrator-guest-", mount.Name, StringComparison.Ordinal);
        Assert.Equal("refused\n", await RunAsync(runner, $"echo x > {GuestVolume.Program} 2>/dev/null && echo written || echo refused"));
    }

    [Fact]
    public async Task StartCommand_Image_RunsItsProgramBesideAsItsUser()
    {
        await ForeignImages.RequireProgramAsync(fixture.Client, Cancel);

        var runner = await StartAsync(TemplateOf(ForeignImages.Program) with { StartCommand = RunnerTemplate.ImageCommand });

        await UntilAsync(runner, "wget -qO- http://127.0.0.1:8080/passwd", "nobody");
        Assert.Equal("1234\n", await RunAsync(runner, "for p in /proc/[0-9]*; do read -r name < $p/comm && [ $name = httpd ] && busybox stat -c %u $p; done; true"));
    }

    [Fact]
    public async Task StartCommand_Line_HasNoneOfTheGuestsVariables()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);

        var runner = await StartAsync(TemplateOf(ForeignImages.Musl) with
        {
            StartCommand = "{ id -u; env; echo whole; } > /tmp/seen",
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello" },
        });

        await UntilAsync(runner, "cat /tmp/seen", "whole");
        var seen = (await RunAsync(runner, "cat /tmp/seen")).Split('\n');
        Assert.Equal("65534", seen[0]);
        Assert.Contains("GREETING=hello", seen);
        Assert.DoesNotContain(seen, line => line.StartsWith("PORT=", StringComparison.Ordinal) || line.StartsWith("RUNNER_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listing_ByAnotherStart_KnowsTheGuest()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);
        var runner = await StartAsync(TemplateOf(ForeignImages.Musl));
        var later = Services(SupervisedEngineFixture.Image);

        var listed = Assert.Single(await later.GetRequiredService<IRunnerEngine>().ListAsync(Cancel));

        Assert.Equal(runner.Placement.ImageId, listed.Placement.ImageId);
        Assert.Equal(
            new CommandFacts(GuestVolume.Program, GuestVolume.CodeUser),
            later.GetRequiredService<RunnerContainers>().Find(listed.Placement.Handle));
    }

    [Fact]
    public async Task NewVersion_IsAnotherImageIdentity_AndTheUnusedVolumeGoes()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);
        var (old, current) = (await MakeVersionAsync(), await MakeVersionAsync());
        var (before, after) = (Services(old.Image).GetRequiredService<IRunnerEngine>(), Services(current.Image).GetRequiredService<IRunnerEngine>());
        var template = TemplateOf(ForeignImages.Musl);
        var first = await StartAsync(template, before);
        Assert.Equal(first.Placement.ImageId, await before.GetImageIdAsync(template, Cancel));

        var second = await StartAsync(template, after);

        Assert.NotEqual(first.Placement.ImageId, await after.GetImageIdAsync(template, Cancel));
        Assert.Contains(old.Volume, await VolumesAsync());
        await after.RemoveAsync(first.Spec.RunnerId, first.Placement.Handle, Cancel);
        await after.ListAsync(Cancel);
        Assert.DoesNotContain(old.Volume, await VolumesAsync());
        Assert.Contains(current.Volume, await VolumesAsync());
        await after.RemoveAsync(second.Spec.RunnerId, second.Placement.Handle, Cancel);
        await fixture.Client.Volumes.RemoveAsync(current.Volume, force: false, Cancel);
    }

    [Fact]
    public async Task Start_VolumeRemovedMeanwhile_FillsItAgain()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);
        var (image, volume) = await MakeVersionAsync();
        var engine = Services(image).GetRequiredService<IRunnerEngine>();
        var first = await StartAsync(TemplateOf(ForeignImages.Musl), engine);
        await engine.RemoveAsync(first.Spec.RunnerId, first.Placement.Handle, Cancel);
        await fixture.Client.Volumes.RemoveAsync(volume, force: false, Cancel);

        var second = await StartAsync(TemplateOf(ForeignImages.Musl), engine);

        Assert.Equal("hi\n", await RunAsync(second, "echo hi"));
        await engine.RemoveAsync(second.Spec.RunnerId, second.Placement.Handle, Cancel);
        await fixture.Client.Volumes.RemoveAsync(volume, force: false, Cancel);
    }

    [Fact]
    public async Task Start_NoGuestForOtherImages_SaysSo()
    {
        await ForeignImages.RequireMuslAsync(fixture.Client, Cancel);
        var engine = Services(TinyImage.Name).GetRequiredService<IRunnerEngine>();

        var error = await Assert.ThrowsAsync<EngineException>(() => StartAsync(TemplateOf(ForeignImages.Musl), engine));

        Assert.Contains("Templates:mine:Guest=false", error.Message, StringComparison.Ordinal);
        Assert.Empty(await engine.ListAsync(Cancel));
    }

    private RunnerTemplate TemplateOf(string image) => fixture.Template with { Name = "mine", Image = image, Guest = true };

    private IServiceProvider Services(string guestImage) => fixture.ServicesOf(_instance, options => options.GuestImage = guestImage);

    private async Task<SandboxRunner> StartAsync(RunnerTemplate template, IRunnerEngine? by = null)
    {
        var engine = by ?? Engine;
        var spec = fixture.Spec() with { Template = template };
        var placement = await engine.StartAsync(spec, Cancel);
        await engine.WaitUntilReadyAsync(spec, placement, Cancel);
        return new SandboxRunner(engine, null!, spec, placement);
    }

    private static async Task<string> RunAsync(SandboxRunner runner, string code)
    {
        var outcome = await runner.BashAsync(Way.Run, code);
        Assert.Null(outcome.Error);
        return outcome.Stdout;
    }

    private static Task UntilAsync(SandboxRunner runner, string code, string holds) => Eventually.TrueAsync(
        async () => (await RunAsync(runner, $"{code} 2>/dev/null")).Contains(holds, StringComparison.Ordinal), TimeSpan.FromSeconds(15));

    // The same program under a version of its own, whose volume no other test uses.
    private async Task<(string Image, string Volume)> MakeVersionAsync()
    {
        var version = $"{_instance}-{_made.Count}";
        var image = $"orchestrator-tests/guest:{version}";
        await ForeignImages.BuildAsync(
            fixture.Client, image, $"FROM {SupervisedEngineFixture.Image}\nLABEL {DockerLabels.Guest}={version}\n", [], Cancel);
        _made.Add(image);
        return (image, $"orchestrator-guest-{version}");
    }

    private async Task<IEnumerable<string>> VolumesAsync() =>
        ((await fixture.Client.Volumes.ListAsync(Cancel)).Volumes ?? []).Select(volume => volume.Name);
}
