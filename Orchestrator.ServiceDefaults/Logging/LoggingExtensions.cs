using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Orchestrator.ServiceDefaults.Logging;

/// <summary>
/// The console: one line an event. <c>Logging:Console:FormatterName=json</c> gives JSON, for a collector that reads
/// the console.
/// </summary>
internal static class LoggingExtensions
{
    public static void AddConsoleLines(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        if (string.IsNullOrEmpty(builder.Configuration["Logging:Console:FormatterName"]))
        {
            builder.Logging.AddConsole(options => options.FormatterName = LineFormatter.FormatterName);
        }
    }
}
