using Microsoft.Extensions.Configuration;

namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Reads single settings strictly.</summary>
public static class Settings
{
    /// <summary>
    /// A list: the section's children, or its own value split at the separators, as one entry without any. Blank entries are
    /// left out.
    /// </summary>
    public static IReadOnlyList<string> ReadList(this IConfigurationSection section, params char[] separators) =>
        [.. section.GetChildren()
            .Select(child => child.Value ?? "")
            .Concat(section.Value is not { } value ? [] : separators is [] ? [value] : value.Split(separators))
            .Select(entry => entry.Trim())
            .Where(entry => entry.Length > 0)
            .Distinct(StringComparer.Ordinal)];
}
