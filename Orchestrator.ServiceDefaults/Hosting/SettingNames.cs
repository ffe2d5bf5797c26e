using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>
/// The variables of docs/contract/contract.md. Each is an ordinary configuration key of that name; one that stands for a
/// section's key overrides it.
/// </summary>
public static class SettingNames
{
    private static readonly (string Variable, string Key)[] Table =
    [
        ("DOCKER_HOST", "Docker:Host"),
        ("DOCKER_CERT_PATH", "Docker:CertPath"),
        ("RUNNERS_HOST", "Runners:Host"),
        ("RUNNERS_BIND", "Runners:Bind"),
        ("DOCKER_IMAGE_NAME", "Runners:Image"),
        ("INACTIVITY_TIMEOUT_SECONDS", "Runners:InactivityTimeoutSeconds"),
        ("CLEANUP_INTERVAL_SECONDS", "Runners:CleanupIntervalSeconds"),
        ("MAX_CONCURRENT_RUNNERS", "Runners:MaxConcurrent"),
        ("PROVISION_WAIT_SECONDS", "Runners:ProvisionWaitSeconds"),
        ("REUSE_RUNNER_MODE", "Runners:Reuse"),
    ];

    /// <summary>Overrides the sections' keys with the variables that are set; empty ones count as not set.</summary>
    internal static void Apply(IConfigurationManager configuration)
    {
        var set = Table.Where(entry => !string.IsNullOrWhiteSpace(configuration[entry.Variable]))
            .ToDictionary(entry => entry.Key, entry => configuration[entry.Variable]?.Trim());
        configuration.Add(new MemoryConfigurationSource { InitialData = set });
    }

    /// <summary>The key that a property of a section's options is bound to.</summary>
    internal static string KeyOf(string section, PropertyInfo property)
    {
        var name = property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name;
        return section.Length == 0 ? name : $"{section}:{name}";
    }

    /// <summary>The variable that stands for a key; null when there is none.</summary>
    internal static string? VariableOf(string key) => Array.Find(Table, entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Variable;

    /// <summary>The name that the operator used for a key: the variable where that is set, else the key.</summary>
    public static string NameOf(IConfiguration configuration, string key) =>
        VariableOf(key) is { } variable && !string.IsNullOrWhiteSpace(configuration[variable]) ? variable : key;
}
