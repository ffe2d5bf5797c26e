using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Brings the guest into images that lack it: one volume for each version of its program, filled once from our own image and
/// mounted read-only. Every orchestrator on an engine shares it; it is removed when no container uses it and another version
/// is the current one.
/// </summary>
internal sealed partial class GuestVolume(DockerCalls calls, DockerImages images, DockerRemoval removal, ILogger<GuestVolume> logger) : IDisposable
{
    /// <summary>Where it is mounted, which is where our own image has it.</summary>
    public const string Folder = "/opt/orchestrator";

    /// <summary>The guest's program there.</summary>
    public const string Program = Folder + "/Orchestrator.Guest";

    /// <summary>The users of the guest's server and of code, as in our own image; they need no entry in the image's list.</summary>
    public const string ServerUser = "10001:10001", CodeUser = "10002:10002";

    private const string Prefix = "orchestrator-guest-";
    private const string Target = "/guest";

    private readonly SemaphoreSlim _one = new(1);
    private string? _filled;
    private volatile bool _othersAreThere;

    /// <summary>The version that a new runner gets from a volume, which is filled by now; null when its image needs none.</summary>
    /// <exception cref="EngineException">There is no guest for other images, or the volume can't be filled.</exception>
    public async Task<string?> GetAsync(RunnerTemplate template, ImageFacts image, CancellationToken cancellationToken)
    {
        if (!IsWanted(template, image))
        {
            return null;
        }

        var version = await VersionAsync(cancellationToken) ?? throw new EngineException(
            $"Template {template.Name} gives image {template.Image} a guest, but image {calls.Options.GuestImage} is missing or its program "
            + $"is not compiled natively; build it where clang and lld are installed, or set Templates:{template.Name}:Guest=false.");
        if (version == Volatile.Read(ref _filled))
        {
            return version;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (version != _filled)
            {
                // No caller's cancellation here: others wait for the same.
                await FillAsync(version);
                Volatile.Write(ref _filled, version);
                _othersAreThere = true;
                await SweepAsync(CancellationToken.None);
            }

            return version;
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"fill volume {NameOf(version)}");
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Fills the volume again next time, unless it is whole: somebody may have removed it.</summary>
    public void Forget() => Volatile.Write(ref _filled, null);

    /// <summary>The id of what a runner of the template would be made from now: the image's, with the guest's version.</summary>
    public async Task<string?> GetImageIdAsync(RunnerTemplate template, ImageFacts image, CancellationToken cancellationToken) =>
        !IsWanted(template, image) ? image.Id
        : await VersionAsync(cancellationToken) is { } version ? Join(image.Id, version)
        : null;

    /// <summary>The id of what a container was made from.</summary>
    public static string ImageIdOf(string imageId, IDictionary<string, string>? labels) =>
        labels is not null && labels.TryGetValue(DockerLabels.GuestVolume, out var version) ? Join(imageId, version) : imageId;

    /// <summary>The mount of a container that gets this version.</summary>
    public static Mount MountOf(string version) => MountAt(Folder, version, readOnly: true);

    /// <summary>Removes the volumes of other versions that no container uses; makes no call when there was none.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (!_othersAreThere || Volatile.Read(ref _filled) is not { } current)
        {
            return;
        }

        try
        {
            var labelled = new VolumesListParameters
            {
                Filters = new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [DockerLabels.GuestVolume] = true },
                },
            };
            var listed = await calls.RepeatedAsync(
                "list volumes", (client, token) => client.Volumes.ListAsync(labelled, token), cancellationToken);
            var others = (listed.Volumes ?? []).Where(volume => volume.Name != NameOf(current)).ToList();
            _othersAreThere = others.Count > 0;
            foreach (var other in others)
            {
                await TryRemoveAsync(other.Name, cancellationToken);
            }
        }
        catch (Exception error) when (error is EngineException or DockerApiException)
        {
            // The next sweep tries again.
            NotSwept(error.Message);
        }
    }

    public void Dispose() => _one.Dispose();

    private static bool IsWanted(RunnerTemplate template, ImageFacts image) => template.Guest && image.Supervisor is null;

    private static string Join(string imageId, string version) => $"{imageId}+{version}";

    private static string NameOf(string version) => Prefix + version;

    private static Mount MountAt(string target, string version, bool readOnly) => new()
    {
        Type = "volume",
        Source = NameOf(version),
        Target = target,
        ReadOnly = readOnly,
        // The engine makes a missing volume with these.
        VolumeOptions = new VolumeOptions
        {
            NoCopy = true,
            Labels = new Dictionary<string, string> { [DockerLabels.GuestVolume] = version },
        },
    };

    private async Task<string?> VersionAsync(CancellationToken cancellationToken) =>
        (await images.FindAsync(calls.Options.GuestImage, cancellationToken))?.Guest;

    private async Task TryRemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await calls.RepeatedAsync(
                "remove a volume", (client, token) => client.Volumes.RemoveAsync(name, force: false, token), cancellationToken);
            Removed(name);
        }
        catch (DockerApiException)
        {
            // In use, or gone.
        }
    }

    // By the program itself: it writes beside and renames, and does nothing in a volume that has it.
    private async Task FillAsync(string version)
    {
        var plan = new CreateContainerParameters
        {
            Image = calls.Options.GuestImage,
            Entrypoint = [Program],
            Cmd = ["install", Target],
            // A volume's root belongs to root.
            User = "0:0",
            Labels = new Dictionary<string, string> { [DockerLabels.GuestFill] = version },
            HostConfig = new HostConfig
            {
                NetworkMode = DockerBridge.None,
                CapDrop = ["ALL"],
                SecurityOpt = ["no-new-privileges"],
                ReadonlyRootfs = true,
                Mounts = [MountAt(Target, version, readOnly: false)],
            },
        };
        var created = await calls.OnceAsync(
            "create a container", calls.Options.StartTimeout,
            (client, token) => client.Containers.CreateContainerAsync(plan, token), CancellationToken.None);
        try
        {
            await calls.OnceAsync(
                "start a container", calls.Options.StartTimeout,
                (client, token) => client.Containers.StartContainerAsync(created.ID, null, token), CancellationToken.None);
            var ended = await calls.OnceAsync(
                "wait for a container's end", calls.Options.StartTimeout,
                (client, token) => client.Containers.WaitContainerAsync(created.ID, token), CancellationToken.None);
            if (ended.StatusCode != 0)
            {
                throw new EngineException($"Volume {NameOf(version)} was not filled: exit code {ended.StatusCode}.");
            }
        }
        finally
        {
            await removal.RemoveAsync(created.ID, CancellationToken.None);
        }

        Filled(NameOf(version));
    }

    [LoggerMessage(1314, LogLevel.Information, "Volume {Name} holds the guest for images that are not ours")]
    private partial void Filled(string name);

    [LoggerMessage(1315, LogLevel.Information, "Removed volume {Name} of another version of the guest")]
    private partial void Removed(string name);

    [LoggerMessage(1316, LogLevel.Warning, "Volumes of other versions of the guest not removed yet: {Reason}")]
    private partial void NotSwept(string reason);
}
