using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The pull policies, against a real registry.</summary>
public sealed class DockerPullTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IAsyncLifetime
{
    private readonly string _instance = EngineFixture.NewInstance();
    private LocalRegistry? _registry;
    private string _image = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunnerEngine Engine => field ??= fixture.Connect(_instance);

    public async ValueTask InitializeAsync()
    {
        fixture.Require();
        _registry = await LocalRegistry.StartAsync(Cancel);
        _image = await _registry.PushAsync(fixture.Client, DockerEngineFixture.WebImage, _instance.ToLowerInvariant(), "1", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await fixture.ForgetAsync(_instance);
        if (_image.Length > 0)
        {
            try
            {
                await fixture.Client.Images.DeleteImageAsync(_image, new ImageDeleteParameters { Force = true }, CancellationToken.None);
            }
            catch (DockerImageNotFoundException)
            {
            }
        }

        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }
    }

    [Fact]
    public async Task Never_ImageOnlyInTheRegistry_IsMissing() =>
        await Assert.ThrowsAsync<RunnerImageMissingException>(() => Engine.StartAsync(Spec(PullPolicy.Never), Cancel));

    [Theory]
    [InlineData(PullPolicy.Missing)]
    [InlineData(PullPolicy.Always)]
    public async Task Pulling_ImageOnlyInTheRegistry_StartsIt(PullPolicy pull)
    {
        Assert.NotNull(await Engine.StartAsync(Spec(pull), Cancel));

        Assert.Equal(await IdOfAsync(DockerEngineFixture.WebImage), await IdOfAsync(_image));
    }

    [Theory]
    [InlineData(PullPolicy.Missing, false)]
    [InlineData(PullPolicy.Always, true)]
    public async Task Pulling_AnOlderImageIsThere_OnlyAlwaysReplacesIt(PullPolicy pull, bool replaced)
    {
        const string old = "orchestrator-tests/older:1";
        Assert.Null(await TinyImage.EnsureAsync(fixture.Client, old, """["sleep","600"]""", ["LABEL age=older"], Cancel));
        var name = _image[.._image.LastIndexOf(':')];
        await fixture.Client.Images.TagImageAsync(old, new ImageTagParameters { RepositoryName = name, Tag = "1" }, Cancel);

        Assert.NotNull(await Engine.StartAsync(Spec(pull), Cancel));

        Assert.Equal(await IdOfAsync(replaced ? DockerEngineFixture.WebImage : old), await IdOfAsync(_image));
    }

    private RunnerSpec Spec(PullPolicy pull) => fixture.Spec() with { Template = fixture.Template with { Image = _image, Pull = pull } };

    private async Task<string> IdOfAsync(string image) => (await fixture.Client.Images.InspectImageAsync(image, Cancel)).ID;
}
