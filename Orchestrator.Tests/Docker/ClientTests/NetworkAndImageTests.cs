using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

public sealed class NetworkAndImageTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Network_MadeAndUsed_KnowsItsContainers()
    {
        engine.Require();
        var name = RealEngine.NewName();
        var made = await engine.Client.Networks.CreateNetworkAsync(
            new NetworksCreateParameters
            {
                Name = name,
                Driver = "bridge",
                Internal = true,
                Options = new Dictionary<string, string> { ["com.docker.network.bridge.enable_icc"] = "false" },
                Labels = new Dictionary<string, string> { [RealEngine.LabelName] = engine.Instance },
            },
            Cancel);
        var wanted = engine.Container();
        wanted.HostConfig = new HostConfig { NetworkMode = name };
        wanted.NetworkingConfig = new NetworkingConfig
        {
            EndpointsConfig = new Dictionary<string, EndpointSettings> { [name] = new() { Aliases = ["tiny"] } },
        };
        var id = await engine.StartAsync(wanted, Cancel);

        var listed = Assert.Single(
            await engine.Client.Networks.ListNetworksAsync(
                new NetworksListParameters
                {
                    Filters = new Dictionary<string, IDictionary<string, bool>> { ["name"] = new Dictionary<string, bool> { [name] = true } },
                },
                Cancel));
        var found = await engine.Client.Networks.InspectNetworkAsync(made.ID, Cancel);
        var address = (await engine.Client.Containers.InspectContainerAsync(id, Cancel)).NetworkSettings!.Networks[name];
        Assert.Equal((made.ID, true, "bridge"), (listed.ID, found.Internal, found.Driver));
        Assert.Equal("false", found.Options["com.docker.network.bridge.enable_icc"]);
        Assert.True(IPAddress.TryParse(address.IPAddress, out _));
        Assert.Contains("tiny", address.Aliases);
        Assert.StartsWith(address.IPAddress + "/", found.Containers[id].IPv4Address, StringComparison.Ordinal);
        Assert.NotEmpty(found.IPAM.Config);

        var inUse = await Assert.ThrowsAsync<DockerApiException>(() => engine.Client.Networks.DeleteNetworkAsync(made.ID, Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, inUse.StatusCode);
        await engine.RemoveAsync(id);
        await engine.Client.Networks.DeleteNetworkAsync(made.ID, Cancel);
        await Assert.ThrowsAsync<DockerNetworkNotFoundException>(() => engine.Client.Networks.InspectNetworkAsync(name, Cancel));
    }

    [Fact]
    public async Task Image_TaggedAndUntagged_IsFoundByNameWhileItHasIt()
    {
        engine.Require();
        var images = engine.Client.Images;
        var name = RealEngine.NewName();
        var original = await images.InspectImageAsync(TinyImage.Name, Cancel);

        await images.TagImageAsync(TinyImage.Name, new ImageTagParameters { RepositoryName = name, Tag = "2" }, Cancel);

        Assert.Equal(original.ID, (await images.InspectImageAsync($"{name}:2", Cancel)).ID);
        var listed = Assert.Single(await images.ListImagesAsync(
            new ImagesListParameters
            {
                Filters = new Dictionary<string, IDictionary<string, bool>> { ["reference"] = new Dictionary<string, bool> { [name] = true } },
            },
            Cancel));
        Assert.Equal((original.ID, original.Size), (listed.ID, listed.Size));
        var deleted = await images.DeleteImageAsync($"{name}:2", new ImageDeleteParameters(), Cancel);
        Assert.Equal($"{name}:2", deleted.Single()["Untagged"]);
        await Assert.ThrowsAsync<DockerImageNotFoundException>(() => images.InspectImageAsync($"{name}:2", Cancel));
    }

    [Fact]
    public async Task Image_Inspected_TellsWhatItStartsWith()
    {
        engine.Require();

        var image = await engine.Client.Images.InspectImageAsync(TinyImage.Name, Cancel);

        Assert.StartsWith("sha256:", image.ID, StringComparison.Ordinal);
        Assert.Equal(["sleep", "600"], image.Config!.Cmd!);
        Assert.Equal(["PATH=/bin"], image.Config.Env!);
        Assert.Contains(TinyImage.Name, image.RepoTags);
        Assert.Equal("linux", image.Os);
        Assert.NotEmpty(image.RootFS.Layers!);
    }
}
