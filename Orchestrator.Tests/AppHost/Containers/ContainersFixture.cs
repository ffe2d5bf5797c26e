using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>The application with containers for its parts, started once for all tests that look at it.</summary>
public sealed class ContainersFixture : ComponentFixture
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private ContainersApp? _containers;

    internal ContainersApp Containers => _containers!;

    internal HttpClient Api { get; private set; } = null!;

    protected override async ValueTask StartAsync()
    {
        _containers = await ContainersApp.BuildAsync(null, TestContext.Current.CancellationToken);
        if (_containers.StandIns.Told is { } told)
        {
            Console.WriteLine(told);
        }

        await _containers.App.StartAsync(StartLimit, TestContext.Current.CancellationToken);
        Api = _containers.App.App.CreateHttpClient(Composition.Names.Api, "sessions");
    }

    public override async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        if (_containers is not null)
        {
            await _containers.DisposeAsync();
        }
    }
}

/// <summary>Tests on one running application with containers, one at a time.</summary>
[CollectionDefinition(Name)]
public sealed class OnContainers : ICollectionFixture<ContainersFixture>
{
    public const string Name = "On containers";
}
