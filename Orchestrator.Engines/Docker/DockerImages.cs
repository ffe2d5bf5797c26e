using System.Collections.Concurrent;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>The facts about an image that its containers depend on.</summary>
/// <param name="Id">Its id.</param>
/// <param name="User">The user that it sets; empty for root.</param>
internal sealed record ImageFacts(string Id, string User)
{
    /// <summary>Its own program: entry point and command.</summary>
    public IReadOnlyList<string> Program { get; init; } = [];

    /// <summary>The folder that its program starts in.</summary>
    public string WorkingFolder { get; init; } = "/";

    /// <summary>The absolute path of the guest in it; null for a foreign image.</summary>
    public string? Supervisor { get; init; }

    /// <summary>The version of the guest in it that other images can run too; null when there is none.</summary>
    public string? Guest { get; init; }

    /// <summary>Reads what the engine knows.</summary>
    public static ImageFacts Of(ImageInspectResponse image) => new(image.ID, image.Config?.User ?? "")
    {
        Program = [.. image.Config?.Entrypoint ?? [], .. image.Config?.Cmd ?? []],
        WorkingFolder = image.Config?.WorkingDir is { Length: > 0 } folder ? folder : "/",
        Supervisor = Label(image, DockerLabels.Supervisor),
        Guest = Label(image, DockerLabels.Guest),
    };

    /// <summary>Whether the image's own user is root.</summary>
    public bool IsRoot => User.Split(':')[0] is "" or "root" || User.Split(':')[0].All(c => c == '0');

    private static string? Label(ImageInspectResponse image, string name) =>
        image.Config?.Labels is { } labels && labels.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}

/// <summary>Looks images up, caches them briefly so that a start needs no call for it, and pulls them where configured.</summary>
internal sealed partial class DockerImages(DockerCalls calls, TimeProvider time, ILogger<DockerImages> logger)
{
    // Shorter than the shortest time between two reconciliations, which bypass the cache anyway.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (ImageFacts Facts, long At)> _known = new();
    private readonly ConcurrentDictionary<string, Lazy<Task>> _pulls = new();
    private readonly ConcurrentDictionary<string, bool> _pulledOnce = new();

    /// <summary>The image of a template, at most five seconds old; pulled when the template says so.</summary>
    /// <exception cref="RunnerImageMissingException">It is missing, and not to be pulled or not available.</exception>
    public async Task<ImageFacts> GetAsync(RunnerTemplate template, CancellationToken cancellationToken)
    {
        if (template.Pull == PullPolicy.Always && !_pulledOnce.ContainsKey(template.Image))
        {
            await PullAsync(template.Image, mustHave: false, cancellationToken);
        }
        else if (Remembers(template.Image) is { } known)
        {
            return known;
        }

        var facts = await LookUpAsync(template.Image, cancellationToken);
        if (facts is null && template.Pull != PullPolicy.Never)
        {
            await PullAsync(template.Image, mustHave: true, cancellationToken);
            facts = await LookUpAsync(template.Image, cancellationToken);
        }

        return facts ?? throw new RunnerImageMissingException(template.Image);
    }

    /// <summary>An image that is never pulled, at most five seconds old; null when there is none of that name.</summary>
    public async Task<ImageFacts?> FindAsync(string image, CancellationToken cancellationToken) =>
        Remembers(image) ?? await LookUpAsync(image, cancellationToken);

    /// <summary>Asks the engine for an image; null when it has none of that name.</summary>
    public async Task<ImageFacts?> LookUpAsync(string image, CancellationToken cancellationToken)
    {
        try
        {
            var found = await calls.RepeatedAsync(
                "look up the image", (client, token) => client.Images.InspectImageAsync(image, token), cancellationToken);
            var facts = ImageFacts.Of(found);
            _known[image] = (facts, time.GetTimestamp());
            return facts;
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
            Forget(image);
            return null;
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"look up image {image}");
        }
    }

    /// <summary>Looks the image up again next time.</summary>
    public void Forget(string image) => _known.TryRemove(image, out _);

    private ImageFacts? Remembers(string image) =>
        _known.TryGetValue(image, out var known) && time.GetElapsedTime(known.At) < Remembered ? known.Facts : null;

    // Concurrent starts share one pull. It continues when a caller stops waiting, within its own limit.
    private async Task PullAsync(string image, bool mustHave, CancellationToken cancellationToken)
    {
        var pull = _pulls.GetOrAdd(image, name => new Lazy<Task>(() => PullOnceAsync(name)));
        try
        {
            await pull.Value.WaitAsync(cancellationToken);
        }
        catch (EngineException error) when (error is not EngineUnavailableException)
        {
            PullFailed(image, error.Message);
            if (mustHave)
            {
                throw new RunnerImageMissingException(image, error);
            }
        }
        finally
        {
            if (pull.Value.IsCompleted)
            {
                _pulls.TryRemove(new KeyValuePair<string, Lazy<Task>>(image, pull));
                _pulledOnce[image] = true;
            }
        }
    }

    private async Task PullOnceAsync(string image)
    {
        var began = time.GetTimestamp();
        var outcome = new PullOutcome();
        try
        {
            await calls.OnceAsync(
                "pull the image", calls.Options.PullTimeout,
                (client, token) => client.Images.CreateImageAsync(Parameters(image), null, outcome, token),
                CancellationToken.None);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"pull image {image}");
        }

        if (outcome.Error is { } reason)
        {
            throw new EngineException($"Pulling image {image} failed: {reason}");
        }

        Forget(image);
        Pulled(image, time.GetElapsedTime(began).TotalMilliseconds);
    }

    // Without a tag the engine would pull all of them.
    private static ImagesCreateParameters Parameters(string image) =>
        image.Contains('@') || image.LastIndexOf(':') > image.LastIndexOf('/')
            ? new ImagesCreateParameters { FromImage = image }
            : new ImagesCreateParameters { FromImage = image, Tag = "latest" };

    private sealed class PullOutcome : IProgress<JSONMessage>
    {
        public string? Error { get; private set; }

        public void Report(JSONMessage value) => Error ??= value.Error?.Message;
    }

    [LoggerMessage(1310, LogLevel.Information, "Pulled image {Image} in {Milliseconds:F0} ms")]
    private partial void Pulled(string image, double milliseconds);

    [LoggerMessage(1311, LogLevel.Warning, "Image {Image} not pulled: {Reason}")]
    private partial void PullFailed(string image, string reason);
}
