using Docker.DotNet;
using Orchestrator.Core.Templates;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>The Docker engine with our own image, where it has been built (<c>./orchestrator images</c>).</summary>
public sealed class SupervisedEngineFixture : DockerEngineFixture
{
    public const string Image = "runner-image";

    public override RunnerTemplate Template => TemplateOf(Image);

    protected override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Client.Images.InspectImageAsync(Image, cancellationToken);
            return null;
        }
        catch (DockerImageNotFoundException)
        {
            return $"There is no image {Image}; build it first.";
        }
    }
}
