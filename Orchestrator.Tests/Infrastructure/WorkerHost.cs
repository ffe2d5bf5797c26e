using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Worker;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>A whole worker process on a random port, over a real Redis.</summary>
internal sealed class WorkerHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WorkerHost(WebApplication app, HttpClient pod) => (_app, Pod) = (app, pod);

    public HttpClient Pod { get; }

    public static async Task<WorkerHost> StartAsync(string redis, params string[] settings)
    {
        var app = WorkerProcess.Build(WorkerProcess.CreateBuilder(
            ["--environment=Development", "--POD_PORT=0", "--Logging:LogLevel:Default=Error", $"--ConnectionStrings:redis={redis}", .. settings]));
        await OrchestratorProcess.StartAsync(app);
        var port = app.Services.GetRequiredService<OpenListeners>().PortOf(Listener.Pod);
        return new WorkerHost(app, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) });
    }

    public async ValueTask DisposeAsync()
    {
        Pod.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
