using System.ComponentModel.DataAnnotations;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Callbacks;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Redis;
using Orchestrator.Worker.Pod;
using Orchestrator.Worker.Runners;

namespace Orchestrator.Worker.Hosting;

/// <summary>Reads what the operator can set about tasks; used by every process that takes them in or runs them.</summary>
public static class WorkerSettings
{
    /// <summary>Where Redis or Valkey is (<c>ConnectionStrings:redis</c>); null when there is none, and all is in one process.</summary>
    public static string? RedisConnectionString(this IConfiguration configuration) =>
        configuration.GetConnectionString("redis") is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>Section <c>Redis</c>.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static RedisOptions ReadRedisOptions(this IConfiguration configuration)
    {
        var options = new RedisOptions();
        return Read(configuration, RedisOptions.Section, options, section => section.Bind(options));
    }

    /// <summary>Section <c>Tasks</c>.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static TasksOptions ReadTasksOptions(this IConfiguration configuration)
    {
        var options = new TasksOptions();
        return Read(configuration, TasksOptions.Section, options, section => section.Bind(options));
    }

    /// <summary>Section <c>Mining</c>.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static MiningOptions ReadMiningOptions(this IConfiguration configuration)
    {
        var options = new MiningOptions();
        return Read(configuration, MiningOptions.Section, options, section => section.Bind(options));
    }

    /// <summary>Section <c>Callbacks</c>.</summary>
    /// <exception cref="ConfigurationException">An entry is no <c>host:port</c> pair.</exception>
    public static CallbackOptions ReadCallbackOptions(this IConfiguration configuration)
    {
        var allowed = configuration.GetSection($"{CallbackOptions.Section}:{nameof(CallbackOptions.Allowed)}").ReadList(',', ';');
        foreach (var entry in allowed)
        {
            if (!Uri.TryCreate($"http://{entry}/", UriKind.Absolute, out var uri) || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0
                || !entry.EndsWith($":{uri.Port}", StringComparison.Ordinal))
            {
                throw new ConfigurationException($"{CallbackOptions.Section}:{nameof(CallbackOptions.Allowed)}", $"'{entry}' is not host:port.");
            }
        }

        return new CallbackOptions { Allowed = allowed };
    }

    internal static PodOptions ReadPodOptions(this IConfiguration configuration)
    {
        var options = new PodOptions();
        Read(configuration, PodOptions.Section, options, section => section.Bind(options));
        return options.Problem() is { } problem
            ? throw new ConfigurationException($"{PodOptions.Section}:{nameof(PodOptions.CallbackUrl)}", problem)
            : options;
    }

    internal static RemoteRunnersOptions ReadRemoteRunners(this IConfiguration configuration)
    {
        var options = new RemoteRunnersOptions();
        Read(configuration, RemoteRunnersOptions.Section, options, section => section.Bind(options));
        return Uri.TryCreate(options.ApiUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? options
            : throw new ConfigurationException($"{RemoteRunnersOptions.Section}:{nameof(RemoteRunnersOptions.ApiUrl)}", $"'{options.ApiUrl}' is not an http address.");
    }

    private static T Read<T>(IConfiguration configuration, string path, T options, Action<IConfigurationSection> bind)
        where T : class
    {
        try
        {
            bind(configuration.GetSection(path));
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException(path, e.Message);
        }

        List<ValidationResult> problems = [];
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
        {
            throw new ConfigurationException($"{path}:{problems[0].MemberNames.FirstOrDefault()}", problems[0].ErrorMessage ?? "it is wrong.");
        }

        return options;
    }
}
