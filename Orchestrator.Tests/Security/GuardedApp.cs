using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Tests.Security;

/// <summary>A process that has the guards of every service, and endpoints of a test's own, over a real socket.</summary>
internal sealed class GuardedApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GuardedApp(WebApplication app) => _app = app;

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Starts it; settings are as on the command line.</summary>
    public static async Task<GuardedApp> StartAsync(
        string[] settings, Action<WebApplication> map, Action<IServiceCollection>? add = null)
    {
        var builder = OrchestratorProcess.CreateBuilder(["--environment=Development", "--PORT=0", "--Logging:LogLevel:Default=Error", .. settings]);
        builder.AddGuards();
        builder.AddListener(Listener.Sessions);
        add?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseGuards();
        map(app);
        await app.StartAsync();
        var host = new GuardedApp(app);
        host.Client.BaseAddress = new Uri($"http://127.0.0.1:{app.Services.GetRequiredService<OpenListeners>().PortOf(Listener.Sessions)}");
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
