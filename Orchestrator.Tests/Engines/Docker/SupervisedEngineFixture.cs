using Orchestrator.Core.Templates;
using Orchestrator.Tests.EndToEnd;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>
/// The Docker engine with our own image, where it has been built (<c>./orchestrator images</c>); <c>DOCKER_IMAGE_NAME</c>
/// names another build of it.
/// </summary>
public sealed class SupervisedEngineFixture : DockerEngineFixture
{
    public static string Image { get; } = Environment.GetEnvironmentVariable("DOCKER_IMAGE_NAME") ?? "runner-image";

    public override RunnerTemplate Template => TemplateOf(Image);

    protected override Task RequireImagesAsync() => InstanceContainers.RequireImageAsync(Client);
}
