using Orchestrator.Core.Templates;
using Orchestrator.Tests.EndToEnd;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The Docker engine with our own image, where it has been built (<c>./orchestrator images</c>).</summary>
public sealed class SupervisedEngineFixture : DockerEngineFixture
{
    public const string Image = "runner-image";

    public override RunnerTemplate Template => TemplateOf(Image);

    protected override Task RequireImagesAsync() => InstanceContainers.RequireImageAsync(Client);
}
