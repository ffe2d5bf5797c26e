using System.Diagnostics;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>Images on this machine's engine: those that the parts ask for, and one of Debian packages for where no registry answers.</summary>
internal static class LocalImages
{
    /// <summary>Redis and Prometheus as Debian has them; made once, and kept on the engine for the next run.</summary>
    public const string Servers = "orchestrator-tests/servers";

    public const string ServersTag = "1";

    private static readonly TimeSpan PullLimit = TimeSpan.FromMinutes(2);

    /// <summary>Whether an image is there, or was there to be pulled quickly.</summary>
    public static async Task<bool> HaveAsync(IDockerClient client, string image, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(client, image, cancellationToken))
        {
            return true;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(PullLimit);
        var progress = new ChannelProgress<JSONMessage>();
        try
        {
            await client.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = image }, null, progress, limit.Token);
        }
        catch (Exception e) when (e is DockerApiException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }

        return await IsThereAsync(client, image, cancellationToken);
    }

    /// <summary>Makes the image of Debian's servers, where it is not there yet.</summary>
    public static async Task EnsureServersAsync(IDockerClient client, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(client, $"{Servers}:{ServersTag}", cancellationToken))
        {
            return;
        }

        Components.Require("mmdebstrap");
        if (!Environment.IsPrivilegedProcess)
        {
            Components.Missing(Component.Root, "an image of Debian packages is made by root");
        }

        var script = Path.Combine(Repository.Root, "eng", "images", "debian-image");
        using var process = Subprocess.Start(new ProcessStartInfo(script, [$"{Servers}:{ServersTag}", "redis-server", "prometheus"]) { RedirectStandardError = true });
        var said = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        Assert.True(process.ExitCode == 0, said);
    }

    private static async Task<bool> IsThereAsync(IDockerClient client, string image, CancellationToken cancellationToken)
    {
        try
        {
            await client.Images.InspectImageAsync(image, cancellationToken);
            return true;
        }
        catch (DockerImageNotFoundException)
        {
            return false;
        }
    }
}
