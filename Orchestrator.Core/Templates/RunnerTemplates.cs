namespace Orchestrator.Core.Templates;

/// <summary>The templates of this orchestrator, by name.</summary>
public sealed class RunnerTemplates(IEnumerable<RunnerTemplate> templates)
{
    private readonly Dictionary<string, RunnerTemplate> _byName = templates.ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>Every template.</summary>
    public IReadOnlyCollection<RunnerTemplate> All => _byName.Values;

    /// <summary>The template of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public RunnerTemplate this[string name] => _byName[name];

    /// <summary>The template of that name; null when there is none, as for a runner of an earlier configuration.</summary>
    public RunnerTemplate? Find(string name) => _byName.GetValueOrDefault(name);
}
