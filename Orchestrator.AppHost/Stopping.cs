using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orchestrator.AppHost;

/// <summary>The end of the application: on Ctrl+C, SIGTERM and SIGHUP alike, and not before its parts have ended.</summary>
internal static class Stopping
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Has the AppHost end after its parts, not beside them.</summary>
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
