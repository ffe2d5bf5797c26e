namespace Orchestrator.Core.Tasks;

/// <summary>The task types that this process knows.</summary>
/// <param name="handlers">One handler for each type.</param>
/// <exception cref="ArgumentException">Two handlers have the same type.</exception>
public sealed class TaskTypes(IEnumerable<ITaskHandler> handlers)
{
    private readonly Dictionary<string, ITaskHandler> _byName = handlers.ToDictionary(handler => handler.Type, StringComparer.Ordinal);

    /// <summary>Every handler, by type's name.</summary>
    public IReadOnlyList<ITaskHandler> All { get; } = [.. handlers.OrderBy(handler => handler.Type, StringComparer.Ordinal)];

    /// <summary>The handler of a type; null when it is unknown.</summary>
    public ITaskHandler? Find(string type) => _byName.GetValueOrDefault(type);
}
