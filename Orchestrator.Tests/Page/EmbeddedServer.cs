using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Page;

/// <summary>A server on the process engine, for what the page does wherever a runner has a guest.</summary>
public sealed class EmbeddedServer : ComponentFixture
{
    private readonly TemporaryFolder _folder = new();
    private ServerProgram? _program;

    /// <summary>Where its page is.</summary>
    public Uri Address => _program!.Sessions!;

    protected override async ValueTask StartAsync() => _program = await ServerProgram.StartEmbeddedAsync(_folder.Path);

    public override async ValueTask DisposeAsync()
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        _folder.Dispose();
    }
}
