using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.ServiceDefaults.Listeners;

namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Builds, starts and ends a process of Orchestrator.</summary>
public static partial class OrchestratorProcess
{
    // The weakest source: every setting of the operator overrides it.
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
        // A stack trace for every attempt to connect; RedisConnection logs a line instead.
        ["Logging:LogLevel:StackExchange.Redis"] = "None",
        // Every probe would log a line while a part is degraded; the cause is logged once.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "Error",
        // The framework's lines about a refused key; ErrorWriter logs the refusal.
        ["Logging:LogLevel:Orchestrator.ServiceDefaults.Security.ApiKeyHandler"] = "Warning",
    };

    /// <summary>A lean builder: settings from appsettings.json, environment and command line.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Settings are read once, at start: a watcher costs time, and an inotify instance, which many machines are short of.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. args],
            ContentRootPath = AppContext.BaseDirectory,
        });
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        SettingNames.Apply(builder.Configuration);
        // ASP.NET Core's own filters: one trusts forwarding headers when an environment variable says so, the
        // other knows AllowedHosts as a full list only. The guards are stricter than both.
        builder.Services.RemoveAll<IStartupFilter>();
        return builder;
    }

    /// <summary>Builds and runs the process; reports in one line that it is ready, or why it can't start.</summary>
    /// <param name="create">Adds its services.</param>
    /// <param name="build">Builds it, and maps its calls.</param>
    /// <param name="isExplained">Other failures whose message explains the remedy.</param>
    /// <returns>The process's exit code: 0 after a clean stop, 1 when it could not start.</returns>
    public static async Task<int> RunAsync(
        Func<WebApplicationBuilder> create, Func<WebApplicationBuilder, WebApplication> build, Func<Exception, bool>? isExplained = null)
    {
        WebApplicationBuilder? builder = null;
        WebApplication app;
        try
        {
            builder = create();
            app = build(builder);
            await StartAsync(app);
        }
        catch (Exception exception) when (Explain(exception, builder?.Configuration, isExplained) is { } line)
        {
            await Console.Error.WriteLineAsync(line.ReplaceLineEndings(" "));
            return 1;
        }

        await using (app)
        {
            await Console.Out.WriteLineAsync(ReadyLine(app.Services.GetRequiredService<OpenListeners>()));
            await ((IHost)app).WaitForShutdownAsync();
        }

        return 0;
    }

    /// <summary>Validates the settings, then starts the process.</summary>
    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    /// <exception cref="AggregateException">Settings of several sections are wrong.</exception>
    /// <exception cref="ConfigurationException">Something outside the process contradicts the settings.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        // The host validates too, but creates its services first, stops at the first invalid section and logs a stack trace.
        app.Services.GetService<IStartupValidator>()?.Validate();
        foreach (var check in app.Services.GetServices<IStartCheck>())
        {
            await check.CheckAsync(app.Lifetime.ApplicationStopping);
        }

        await app.StartAsync();
    }

    /// <summary>The line that lists the listeners' addresses.</summary>
    public static string ReadyLine(OpenListeners listeners) => "Orchestrator is ready: " + string.Join("  ",
        listeners.All.Select(listener => $"{listener.ToString().ToLower(CultureInfo.InvariantCulture)} {listeners.AddressOf(listener)}"));

    /// <summary>One line for an error that the operator can fix; null for any other, which is a defect and keeps its stack trace.</summary>
    internal static string? Explain(Exception exception, IConfiguration? configuration, Func<Exception, bool>? isExplained = null) => exception switch
    {
        ConfigurationException => exception.Message,
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        // Several sections are invalid.
        AggregateException { InnerExceptions: var all } when all.All(one => one is OptionsValidationException) =>
            string.Join(" ", all.Select(one => Explain(one, configuration))),
        // The binder's message, such as "Failed to convert configuration value 'abc' at 'Docker:CallTimeoutSeconds' to type 'System.Double'."
        InvalidOperationException when FailedKey().Match(exception.Message) is { Success: true } failed =>
            $"{(configuration is null ? failed.Groups[2].Value : SettingNames.NameOf(configuration, failed.Groups[2].Value))}: invalid value '{failed.Groups[1].Value}'. It must be {Describe(failed.Groups[3].Value)}.",
        IOException { InnerException: AddressInUseException } => exception.Message,
        IOException when exception.Message.StartsWith("Failed to bind", StringComparison.Ordinal) => exception.Message,
        _ => isExplained?.Invoke(exception) == true ? exception.Message : null,
    };

    private static string Describe(string type) => type switch
    {
        "System.Boolean" => "true or false",
        "System.Int32" or "System.Int64" => "a whole number",
        "System.Double" => "a number",
        _ => $"a value of {type[(type.LastIndexOf('.') + 1)..]}",
    };

    [GeneratedRegex("^Failed to convert configuration value '(.*)' at '([^']+)' to type '([^']+)'", RegexOptions.Singleline)]
    private static partial Regex FailedKey();
}
