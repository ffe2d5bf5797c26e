using System.Collections.Concurrent;

namespace Orchestrator.Engines.Docker;

/// <summary>How commands are run in a container.</summary>
/// <param name="Supervisor">The absolute path of the supervisor in it; null for a foreign image without a guest.</param>
/// <param name="User">The user that commands run as there; null for the container's own.</param>
internal sealed record CommandFacts(string? Supervisor, string? User)
{
    /// <summary>Reads a container's labels, which hold those of its image, and those that it got with a guest.</summary>
    public static CommandFacts Of(IDictionary<string, string>? labels) =>
        labels is not null && labels.TryGetValue(DockerLabels.Supervisor, out var path) && path.StartsWith('/')
            ? new CommandFacts(path, labels.TryGetValue(DockerLabels.CodeUser, out var user) && user.Length > 0 ? user : null)
            : Foreign;

    /// <summary>A container without a guest.</summary>
    public static CommandFacts Foreign { get; } = new(null, null);
}

/// <summary>
/// The observed labels of containers, by container id: labels never change, so one look is enough. Dropped when a listing
/// no longer shows the container.
/// </summary>
internal sealed class RunnerContainers
{
    private readonly ConcurrentDictionary<string, CommandFacts> _facts = new();

    /// <summary>Records a container.</summary>
    public CommandFacts Remember(string containerId, IDictionary<string, string>? labels) =>
        _facts.TryGetValue(containerId, out var known) ? known : _facts.GetOrAdd(containerId, CommandFacts.Of(labels));

    /// <summary>The facts about a container; null when it was never seen.</summary>
    public CommandFacts? Find(string containerId) => _facts.GetValueOrDefault(containerId);

    /// <summary>Drops a container.</summary>
    public void Forget(string containerId) => _facts.TryRemove(containerId, out _);

    /// <summary>Every container known now.</summary>
    public IReadOnlyCollection<string> Ids => [.. _facts.Keys];
}
