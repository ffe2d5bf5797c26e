using System.Diagnostics;
using System.Formats.Tar;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// An image of one static busybox, 2 MB, made from what the machine has, since a test machine may reach no registry.
/// It stays on the engine for the next run.
/// </summary>
public static class TinyImage
{
    public const string Name = "orchestrator-tests/busybox:1";

    private static readonly string[] Commands =
        ["cat", "dd", "echo", "env", "false", "head", "httpd", "id", "kill", "ls", "mkdir", "nc", "printf", "ps", "rm", "seq", "sh", "sleep", "touch", "true", "wc", "wget", "yes"];

    /// <summary>Asks for the image.</summary>
    public static Task RequireAsync(IDockerClient client, CancellationToken cancellationToken = default) =>
        RequireAsync(client, Name, """["sleep","600"]""", cancellationToken);

    /// <summary>Asks for one more image of the same content under another name.</summary>
    /// <param name="client">The engine.</param>
    /// <param name="name">The image's name, with a tag.</param>
    /// <param name="command">What it runs, as a JSON array.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task RequireAsync(IDockerClient client, string name, string command, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        if (await EnsureAsync(client, name, command, [], limit.Token) is { } why)
        {
            Components.Missing(Component.Busybox, why);
        }
    }

    /// <summary>One more image of the same content under another name.</summary>
    /// <param name="client">The engine.</param>
    /// <param name="name">The image's name, with a tag.</param>
    /// <param name="command">What it runs, as a JSON array.</param>
    /// <param name="changes">Lines of a Dockerfile (<c>USER</c>, <c>LABEL</c>).</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Why there is no image, or null when there is one.</returns>
    public static async Task<string?> EnsureAsync(
        IDockerClient client, string name, string command, string[] changes, CancellationToken cancellationToken)
    {
        try
        {
            await client.Images.InspectImageAsync(name, cancellationToken);
            return null;
        }
        catch (DockerImageNotFoundException)
        {
        }

        if (await FindBusyboxAsync(cancellationToken) is not { } busybox)
        {
            return "no static busybox, and apt-get downloads none";
        }

        using var archive = await PackAsync(busybox, cancellationToken);
        var progress = new ChannelProgress<JSONMessage>();
        await client.Images.CreateImageAsync(
            new ImagesCreateParameters
            {
                FromSrc = "-",
                Repo = name.Split(':')[0],
                Tag = name.Split(':')[1],
                Changes = [$"CMD {command}", "ENV PATH=/bin", .. changes],
            },
            archive,
            null,
            progress,
            cancellationToken);
        return progress.Drain().FirstOrDefault(message => message.Error is not null)?.Error?.Message;
    }

    private static async Task<string?> FindBusyboxAsync(CancellationToken cancellationToken)
    {
        if (new[] { "/bin/busybox", "/usr/bin/busybox" }.FirstOrDefault(IsStatic) is { } installed)
        {
            return installed;
        }

        if (!File.Exists("/usr/bin/apt-get"))
        {
            return null;
        }

        var folder = Directory.CreateTempSubdirectory("orchestrator-busybox-").FullName;
        var start = new ProcessStartInfo("/bin/sh", ["-c", "apt-get download busybox-static && dpkg-deb -x busybox-static*.deb ."])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Subprocess.Start(start);
        await Task.WhenAll(
            process.StandardOutput.ReadToEndAsync(cancellationToken),
            process.StandardError.ReadToEndAsync(cancellationToken),
            process.WaitForExitAsync(cancellationToken));
        return new[] { "bin/busybox", "usr/bin/busybox" }.Select(path => Path.Combine(folder, path)).FirstOrDefault(IsStatic);
    }

    /// <summary>A dynamic program names its loader near its beginning.</summary>
    private static bool IsStatic(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var file = File.OpenRead(path);
        var head = new byte[4096];
        var count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return head.AsSpan(0, count).IndexOf("/ld-"u8) < 0;
    }

    private static async Task<MemoryStream> PackAsync(string busybox, CancellationToken cancellationToken)
    {
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var (folder, mode) in new[] { ("bin", "755"), ("etc", "755"), ("root", "700"), ("tmp", "1777") })
            {
                var entry = new PaxTarEntry(TarEntryType.Directory, folder + "/") { Mode = (UnixFileMode)Convert.ToInt32(mode, 8) };
                await tar.WriteEntryAsync(entry, cancellationToken);
            }

            await using var program = File.OpenRead(busybox);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox")
                {
                    Mode = (UnixFileMode)Convert.ToInt32("755", 8),
                    DataStream = program,
                },
                cancellationToken);
            foreach (var command in Commands)
            {
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.SymbolicLink, $"bin/{command}") { LinkName = "busybox" }, cancellationToken);
            }

            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "etc/passwd")
                {
                    DataStream = new MemoryStream("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"u8.ToArray()),
                },
                cancellationToken);
        }

        archive.Position = 0;
        return archive;
    }
}
