using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.ServiceDefaults.Logging;

/// <summary>
/// The console: one line an event. <c>Logging:Console:FormatterName=json</c> gives JSON, for a collector that reads
/// the console.
/// </summary>
internal static class LoggingExtensions
{
    private const string FormatKey = "Logging:Console:FormatterName";

    private static readonly string[] Formats =
        [LineFormatter.FormatterName, ConsoleFormatterNames.Json, ConsoleFormatterNames.Simple, ConsoleFormatterNames.Systemd];

    /// <summary>Adds the console's format.</summary>
    /// <exception cref="ConfigurationException">A format or a level is unknown.</exception>
    public static void AddConsoleLines(this IHostApplicationBuilder builder)
    {
        CheckLevels(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        var format = builder.Configuration[FormatKey];
        if (string.IsNullOrEmpty(format))
        {
            builder.Logging.AddConsole(options => options.FormatterName = LineFormatter.FormatterName);
        }
        else if (!Formats.Contains(format, StringComparer.OrdinalIgnoreCase))
        {
            // The framework would take its own format without a word.
            throw new ConfigurationException(FormatKey, $"invalid value '{format}'. It must be one of {string.Join(", ", Formats)}.");
        }
    }

    // Logging:LogLevel:CATEGORY and Logging:PROVIDER:LogLevel:CATEGORY.
    private static void CheckLevels(IConfigurationSection logging)
    {
        foreach (var levels in logging.GetChildren().Select(provider => provider.GetSection("LogLevel")).Prepend(logging.GetSection("LogLevel")))
        {
            foreach (var level in levels.GetChildren().Where(level => level.Value is { Length: > 0 } text && !Enum.TryParse<LogLevel>(text, ignoreCase: true, out _)))
            {
                throw new ConfigurationException(level.Path, $"invalid value '{level.Value}'. It must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
            }
        }
    }
}
