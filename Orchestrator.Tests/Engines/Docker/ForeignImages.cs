using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>Images that know nothing of us and that our guest has to run in. They stay on the engine for the next run.</summary>
internal static class ForeignImages
{
    /// <summary>Debian's C library, bash and coreutils: no list of users, no OpenSSL.</summary>
    public const string Debian = "orchestrator-tests/debian:1";

    /// <summary>A root whose C library is musl, as Alpine's: busybox, and musl's loader.</summary>
    public const string Musl = "orchestrator-tests/musl:1";

    /// <summary>The same with a user, a folder and a program of its own, a web server on port 8080.</summary>
    public const string Program = "orchestrator-tests/program:1";

    // Busybox without a bash of its own.
    private const string Bash = "#!/bin/sh\nexec /bin/sh \"$@\"\n";

    public static async Task RequireDebianAsync(IDockerClient client, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(client, Debian, cancellationToken))
        {
            return;
        }

        Components.Require("mmdebstrap");
        if (!Environment.IsPrivilegedProcess)
        {
            Components.Missing(Component.Root, "an image of Debian packages is made by root");
        }

        var script = Path.Combine(Repository.Root, "eng", "images", "debian-image");
        using var process = Subprocess.Start(
            new ProcessStartInfo(script, ["--bare", Debian, "base-files", "bash", "coreutils"]) { RedirectStandardError = true });
        var said = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        Assert.True(process.ExitCode == 0, said);
    }

    public static async Task RequireMuslAsync(IDockerClient client, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(client, Musl, cancellationToken))
        {
            return;
        }

        var loader = new[] { "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1" }.FirstOrDefault(File.Exists);
        if (loader is null)
        {
            Components.Missing(Component.Musl, "there is no /lib/ld-musl-*.so.1");
        }

        await TinyImage.RequireAsync(client, cancellationToken);
        await BuildAsync(
            client, Musl, $"FROM {TinyImage.Name}\nCOPY bash /bin/bash\nCOPY musl /lib/{Path.GetFileName(loader)}\n",
            [("bash", Encoding.UTF8.GetBytes(Bash)), ("musl", await File.ReadAllBytesAsync(loader!, cancellationToken))], cancellationToken);
    }

    public static async Task RequireProgramAsync(IDockerClient client, CancellationToken cancellationToken)
    {
        await RequireMuslAsync(client, cancellationToken);
        await BuildAsync(
            client, Program,
            $"FROM {Musl}\nUSER 1234:1234\nWORKDIR /etc\nENTRYPOINT [\"httpd\", \"-f\"]\nCMD [\"-p\", \"8080\"]\n", [], cancellationToken);
    }

    /// <summary>One more image, of a few lines and files.</summary>
    public static async Task BuildAsync(
        IDockerClient client, string name, string dockerfile, (string Name, byte[] Content)[] files, CancellationToken cancellationToken)
    {
        using var context = new MemoryStream();
        await using (var tar = new TarWriter(context, leaveOpen: true))
        {
            foreach (var (file, content) in files.Append(("Dockerfile", Encoding.UTF8.GetBytes(dockerfile))))
            {
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, file)
                    {
                        Mode = (UnixFileMode)Convert.ToInt32("755", 8),
                        DataStream = new MemoryStream(content),
                    },
                    cancellationToken);
            }
        }

        context.Position = 0;
        var progress = new ChannelProgress<JSONMessage>();
        await client.Images.BuildImageFromDockerfileAsync(
            new ImageBuildParameters { Tags = [name], Remove = true, ForceRemove = true }, context, null, null, progress, cancellationToken);
        Assert.Null(progress.Drain().FirstOrDefault(message => message.Error is not null)?.Error?.Message);
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
