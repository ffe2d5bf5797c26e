using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orchestrator.AppHost;

/// <summary>Stops the application on Ctrl+C, SIGTERM and SIGHUP alike, after its parts.</summary>
internal static class Stopping
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Makes the AppHost wait for its parts to end.</summary>
    public static void WaitForParts(this IDistributedApplicationBuilder builder)
    {
        builder.Configuration["DcpPublisher:WaitForResourceCleanup"] = "true";
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Patience);
    }

    /// <summary>Runs until the application is stopped.</summary>
    public static async Task RunToTheEndAsync(this DistributedApplication app)
    {
        var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            lifetime.StopApplication();
        });
        await app.RunAsync();
    }
}
