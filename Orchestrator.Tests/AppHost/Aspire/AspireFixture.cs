using Aspire.Hosting.Testing;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Aspire;

/// <summary>The Aspire application, started once for all tests that look at it.</summary>
public sealed class AspireFixture : ComponentFixture
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private AspireApp? _app;

    internal AspireApp App => _app!;

    internal HttpClient Api { get; private set; } = null!;

    protected override async ValueTask StartAsync()
    {
        _app = await AspireApp.BuildAsync(null, TestContext.Current.CancellationToken);
        if (_app.StandIns.Told is { } told)
        {
            Console.WriteLine(told);
        }

        await _app.StartAsync(StartLimit, TestContext.Current.CancellationToken);
        Api = _app.App.CreateHttpClient(Composition.Names.Api, "sessions");
    }

    public override async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}

/// <summary>Tests on one running Aspire application, one at a time.</summary>
[CollectionDefinition(Name)]
public sealed class OnAspire : ICollectionFixture<AspireFixture>
{
    public const string Name = "On Aspire";
}
