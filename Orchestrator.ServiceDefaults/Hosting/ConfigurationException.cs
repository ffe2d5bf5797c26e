namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>A setting is wrong; the process does not start. The message is one line that names it.</summary>
/// <param name="setting">The setting, as the operator gave it: <c>PORT</c>, <c>Machines:Max</c>.</param>
/// <param name="problem">The problem, a sentence.</param>
public sealed class ConfigurationException(string setting, string problem) : Exception($"{setting}: {problem}")
{
    /// <summary>The setting, as the operator gave it.</summary>
    public string Setting { get; } = setting;
}
