using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Validates options at start.</summary>
public static class SettingsExtensions
{
    /// <summary>
    /// Validates the options' annotations and their own rules (<see cref="IValidatableObject"/>) before the host starts, and
    /// registers their value as a service. An error is one line that names the setting as the operator gave it.
    /// </summary>
    /// <param name="builder">The options, bound to the section.</param>
    /// <param name="section">The section.</param>
    public static OptionsBuilder<T> ValidateSettings<T>(this OptionsBuilder<T> builder, string section)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IValidateOptions<T>>(
            provider => new SettingsValidator<T>(section, provider.GetRequiredService<IConfiguration>()));
        builder.Services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
        return builder.ValidateOnStart();
    }
}

/// <summary>
/// The framework's <c>ValidateDataAnnotations</c> with the messages of the contract: the setting's key or variable, its
/// value and the allowed values, where the framework names only the property.
/// </summary>
internal sealed class SettingsValidator<T>(string section, IConfiguration configuration) : IValidateOptions<T>
    where T : class
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        List<string> problems = [.. Check(section, options)];
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> Check(string path, object options)
    {
        var problems = options is IDictionary named
            ? named.Keys.Cast<string>().Order(StringComparer.Ordinal).SelectMany(name => Check($"{path}:{name}", named[name]!))
            : CheckProperties(path, options);
        foreach (var problem in problems)
        {
            yield return problem;
        }

        if (options is IValidatableObject rules)
        {
            foreach (var wrong in rules.Validate(new ValidationContext(options)))
            {
                yield return $"{NameOf($"{path}:{wrong.MemberNames.First()}")}: {wrong.ErrorMessage}";
            }
        }
    }

    private IEnumerable<string> CheckProperties(string path, object options)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var key = SettingNames.KeyOf(path, property);
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
            {
                yield return $"{NameOf(key)}: invalid value '{configuration[key]}'. {Describe(rule, property.Name)}";
            }

            // The binder accepts any number for an enumeration.
            if (value is Enum && !Enum.IsDefined(property.PropertyType, value))
            {
                yield return $"{NameOf(key)}: invalid value '{configuration[key]}'. It must be one of {string.Join(", ", Enum.GetNames(property.PropertyType))}.";
            }

            if (property.PropertyType.Namespace?.StartsWith(nameof(Orchestrator), StringComparison.Ordinal) == true && value is not (null or Enum))
            {
                foreach (var problem in Check(key, value))
                {
                    yield return problem;
                }
            }
        }
    }

    private string NameOf(string key) => SettingNames.NameOf(configuration, key);

    private static string Describe(ValidationAttribute rule, string property) => rule switch
    {
        { ErrorMessage: not null } => rule.FormatErrorMessage(property),
        RangeAttribute range => FormattableString.Invariant($"It must be between {range.Minimum} and {range.Maximum}."),
        RequiredAttribute => "It must not be empty.",
        _ => rule.FormatErrorMessage(property),
    };
}

/// <summary>A setting that is an http or https address, or not set.</summary>
public sealed class HttpAddressAttribute : ValidationAttribute
{
    /// <summary>Sets the error message.</summary>
    public HttpAddressAttribute() => ErrorMessage = "It must be an http or https address, such as http://localhost:3000.";

    /// <inheritdoc />
    public override bool IsValid(object? value) => value is not string text || string.IsNullOrWhiteSpace(text)
        || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https");
}
