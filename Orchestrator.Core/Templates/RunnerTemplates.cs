namespace Orchestrator.Core.Templates;

/// <summary>The templates of this orchestrator, by name: <c>session</c> and <c>machine</c>, and those of section <c>Templates</c>.</summary>
public sealed class RunnerTemplates(IReadOnlyList<RunnerTemplate> templates)
{
    private readonly Dictionary<string, RunnerTemplate> _byName = templates.ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>The templates of the settings, the built-in ones first, the others by name.</summary>
    public static RunnerTemplates Of(RunnersOptions runners, MachinesOptions machines, TemplatesOptions named)
    {
        ArgumentNullException.ThrowIfNull(runners);
        ArgumentNullException.ThrowIfNull(machines);
        return new RunnerTemplates(
        [
            runners.ToTemplate(),
            machines.ToTemplate(),
            .. named.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value.ToTemplate(entry.Key, runners)),
        ]);
    }

    /// <summary>Every template, in a fixed order.</summary>
    public IReadOnlyList<RunnerTemplate> All => templates;

    /// <summary>The template of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public RunnerTemplate this[string name] => _byName[name];

    /// <summary>The template of that name; null when there is none, as for a runner of an earlier configuration.</summary>
    public RunnerTemplate? Find(string name) => _byName.GetValueOrDefault(name);
}
