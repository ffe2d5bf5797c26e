using Microsoft.Extensions.Configuration;

namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Reads single settings strictly.</summary>
public static class Settings
{
    /// <summary>A list: the section's children, or its own value split at the separators. Blank entries are left out.</summary>
    public static IReadOnlyList<string> ReadList(this IConfigurationSection section, params char[] separators) =>
        [.. section.GetChildren()
            .Select(child => child.Value ?? "")
            .Concat(section.Value?.Split(separators) ?? [])
            .Select(entry => entry.Trim())
            .Where(entry => entry.Length > 0)
            .Distinct(StringComparer.Ordinal)];

    /// <summary>A flag that is false unless set.</summary>
    /// <exception cref="ConfigurationException">It is neither true nor false.</exception>
    public static bool ReadFlag(this IConfigurationSection section, string key)
    {
        var value = section[key];
        if (string.IsNullOrWhiteSpace(value))
        {
            return false;
        }

        return bool.TryParse(value, out var flag)
            ? flag
            : throw new ConfigurationException($"{section.Path}:{key}", $"'{value}' is not true or false.");
    }
}
