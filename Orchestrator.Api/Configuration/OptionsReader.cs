using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Reads options from their section and checks them; what is wrong is named as the operator gave it.</summary>
internal static partial class OptionsReader
{
    /// <summary>Reads and checks a section.</summary>
    /// <param name="configuration">Where it is.</param>
    /// <param name="section">The section.</param>
    /// <param name="bind">Binds the section to the options; given by the caller, so that it is generated for their type.</param>
    /// <exception cref="ConfigurationException">A value can't be read, or is out of its range.</exception>
    public static T Read<T>(IConfiguration configuration, string section, Action<IConfigurationSection, T> bind)
        where T : class, new()
    {
        var options = new T();
        try
        {
            bind(configuration.GetSection(section), options);
        }
        catch (InvalidOperationException exception)
        {
            var key = FailedKey().Match(exception.Message).Groups[1].Value;
            throw new ConfigurationException(
                EnvironmentVariables.NameOf(configuration, key.Length > 0 ? key : section),
                key.Length > 0 ? $"'{configuration[key]}' can't be read as a value of this setting." : exception.Message);
        }

        Check(configuration, section, options);
        return options;
    }

    // One walk over the properties, which is all that is needed of Validator and a fraction of its time.
    private static void Check(IConfiguration configuration, string path, object options)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var key = $"{path}:{property.Name}";
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(value))
                {
                    throw Wrong(key, $"won't do. {rule.FormatErrorMessage(property.Name)}");
                }
            }

            // The binder takes any number for an enumeration.
            if (value is Enum && !Enum.IsDefined(property.PropertyType, value))
            {
                throw Wrong(key, $"is none of {string.Join(", ", Enum.GetNames(property.PropertyType))}.");
            }

            if (property.PropertyType.Namespace?.StartsWith(nameof(Orchestrator), StringComparison.Ordinal) == true && value is not (null or Enum))
            {
                Check(configuration, key, value);
            }
        }

        ConfigurationException Wrong(string key, string problem) =>
            new(EnvironmentVariables.NameOf(configuration, key), $"'{configuration[key]}' {problem}");
    }

    [GeneratedRegex("at '([^']+)' to type")]
    private static partial Regex FailedKey();
}
