using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>The listeners' ports, keys outside any section.</summary>
public sealed class PortOptions
{
    /// <summary>The section's name: none.</summary>
    public const string Section = "";

    private const string SessionsKey = "PORT";
    private const string MachinesKey = "MACHINES_PORT";
    private const string PodKey = "POD_PORT";

    /// <summary>Port of the sessions listener: sessions, tasks, page. 0 picks a free one.</summary>
    [Range(0, 65535), ConfigurationKeyName(SessionsKey)]
    public int Sessions { get; set; } = 3001;

    /// <summary>Port of the machines listener.</summary>
    [Range(0, 65535), ConfigurationKeyName(MachinesKey)]
    public int Machines { get; set; } = 9092;

    /// <summary>Port of the pod listener: pod and mining.</summary>
    [Range(0, 65535), ConfigurationKeyName(PodKey)]
    public int Pod { get; set; } = 8080;

    /// <summary>A listener's port.</summary>
    internal int Of(Listener listener) => listener switch
    {
        Listener.Sessions => Sessions,
        Listener.Machines => Machines,
        _ => Pod,
    };

    /// <summary>The key of a listener's port.</summary>
    internal static string KeyOf(Listener listener) => listener switch
    {
        Listener.Sessions => SessionsKey,
        Listener.Machines => MachinesKey,
        _ => PodKey,
    };
}

/// <summary>No two listeners of this process have the same port.</summary>
internal sealed class PortRules(OpenListeners listeners) : IValidateOptions<PortOptions>
{
    public ValidateOptionsResult Validate(string? name, PortOptions options)
    {
        var taken = new Dictionary<int, Listener>();
        foreach (var listener in listeners.All)
        {
            if (options.Of(listener) is not 0 and var port && !taken.TryAdd(port, listener))
            {
                return ValidateOptionsResult.Fail($"{PortOptions.KeyOf(listener)}: {port} is the port of {PortOptions.KeyOf(taken[port])} already.");
            }
        }

        return ValidateOptionsResult.Success;
    }
}
