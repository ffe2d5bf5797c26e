using Docker.DotNet.Models;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Docker;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>Starts that meet something unusual.</summary>
public sealed class DockerStartTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    public ValueTask InitializeAsync()
    {
        fixture.Require();
        return default;
    }

    public async ValueTask DisposeAsync() => await fixture.ForgetAsync(_instance);

    [Theory]
    [InlineData(PullPolicy.Never)]
    [InlineData(PullPolicy.Missing)]
    public async Task Start_ImageMissing_SaysWhich(PullPolicy pull)
    {
        var spec = Spec(fixture.Template with { Image = "localhost:1/no-such-image", Pull = pull });

        var error = await Assert.ThrowsAsync<RunnerImageMissingException>(() => Engine.StartAsync(spec, Cancel));

        Assert.Equal("localhost:1/no-such-image", error.Image);
        Assert.Null(await Engine.GetImageIdAsync(spec.Template, Cancel));
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_PullAlwaysButNotToBeHad_TakesWhatIsThere()
    {
        var image = $"localhost:1/{_instance}:1";
        await fixture.Client.Images.TagImageAsync(
            DockerEngineFixture.WebImage, new ImageTagParameters { RepositoryName = $"localhost:1/{_instance}", Tag = "1" }, Cancel);
        try
        {
            Assert.NotNull(await Engine.StartAsync(Spec(fixture.Template with { Image = image, Pull = PullPolicy.Always }), Cancel));
        }
        finally
        {
            await fixture.Client.Images.DeleteImageAsync(image, new ImageDeleteParameters { Force = true }, Cancel);
        }
    }

    [Fact]
    public async Task Start_ImageRemovedAfterItWasSeen_IsNoticedAtOnce()
    {
        var image = $"orchestrator-tests/gone-{_instance}:1";
        await fixture.Client.Images.TagImageAsync(
            DockerEngineFixture.WebImage, new ImageTagParameters { RepositoryName = image.Split(':')[0], Tag = "1" }, Cancel);
        var template = fixture.Template with { Image = image };
        await Engine.StartAsync(Spec(template), Cancel);

        await fixture.Client.Images.DeleteImageAsync(image, new ImageDeleteParameters(), Cancel);

        await Assert.ThrowsAsync<RunnerImageMissingException>(() => Engine.StartAsync(Spec(template), Cancel));
        Assert.Null(await Engine.GetImageIdAsync(template, Cancel));
    }

    [Fact]
    public async Task Start_ProgramEndsAtOnce_TellsItsLastWordsAndLeavesNothing()
    {
        const string image = "orchestrator-tests/dying:1";
        Assert.Null(await TinyImage.EnsureAsync(fixture.Client, image, """["sh","-c","echo no such luck >&2; exit 3"]""", [], Cancel));
        var spec = Spec(fixture.Template with { Image = image });

        var error = await Assert.ThrowsAsync<RunnerNotReadyException>(async () =>
            await Engine.WaitUntilReadyAsync(spec, await Engine.StartAsync(spec, Cancel), Cancel));

        Assert.Contains("exit code 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("no such luck", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnknownRuntime_SaysWhatTheEngineSays()
    {
        var error = await Assert.ThrowsAsync<EngineException>(() => Engine.StartAsync(Spec(fixture.Template with { Runtime = "no-such-runtime" }), Cancel));

        Assert.Contains("no-such-runtime", error.Message, StringComparison.Ordinal);
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Start_OwnedSession_IsToldByNameAndLabel()
    {
        var spec = fixture.Spec(Owner.Session("user:42"));

        var placement = await Engine.StartAsync(spec, Cancel);

        var container = await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);
        Assert.Equal($"/{spec.RunnerId}.session.user_c42", container.Name);
        Assert.Equal(("user:42", "default"), (container.Config!.Labels[DockerLabels.Session], container.Config.Labels[DockerLabels.Tenant]));
    }

    [Fact]
    public async Task Start_OwnerOfATenant_IsToldByNameAndLabel()
    {
        var spec = fixture.Spec(Owner.Session("user:42", new Tenant("acme")));

        var placement = await Engine.StartAsync(spec, Cancel);

        var container = await fixture.Client.Containers.InspectContainerAsync(placement.Handle, Cancel);
        Assert.Equal($"/{spec.RunnerId}.session-acme.user_c42", container.Name);
        Assert.Equal(("user:42", "acme"), (container.Config!.Labels[DockerLabels.Session], container.Config.Labels[DockerLabels.Tenant]));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("acme")]
    public async Task List_OwnerOnlyInTheLabel_IsRead(string tenant)
    {
        var owner = Owner.Session("user:42", new Tenant(tenant));
        var spec = fixture.Spec(owner);
        var placement = await Engine.StartAsync(spec, Cancel);
        await fixture.Client.Containers.RenameContainerAsync(placement.Handle, new ContainerRenameParameters { NewName = $"someone-renamed-{_instance}" }, Cancel);

        Assert.Equal(owner, Assert.Single(await Engine.ListAsync(Cancel)).Owner);
        await Engine.RemoveAsync(spec.RunnerId, null, Cancel);
        Assert.Empty(await Engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task GetIdleTime_ForeignImage_IsNull()
    {
        var spec = fixture.Spec();
        var placement = await Engine.StartAsync(spec, Cancel);
        await Engine.WaitUntilReadyAsync(spec, placement, Cancel);

        Assert.Null(await Engine.GetIdleTimeAsync(
            new Runner
            {
                Id = spec.RunnerId,
                Template = "session",
                Instance = _instance,
                State = RunnerState.Leased,
                Fence = 1,
                CreatedAt = DateTimeOffset.UnixEpoch,
                Placement = placement,
            },
            Cancel));
    }

    private RunnerSpec Spec(RunnerTemplate template) => fixture.Spec() with { Template = template };
}
