using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>The labels that identify our containers, networks and images.</summary>
internal static class DockerLabels
{
    /// <summary>The instance that a container or network belongs to.</summary>
    public const string Instance = "orchestrator.instance";

    /// <summary>The runner's id.</summary>
    public const string Runner = "orchestrator.runner";

    /// <summary>The tenant that it was made for; missing if it was made for the pool, or by version 0.1 for the default one.</summary>
    public const string Tenant = "orchestrator.tenant";

    /// <summary>The name of the runner's template.</summary>
    public const string Template = "orchestrator.template";

    /// <summary>The hash of the container's plan.</summary>
    public const string Plan = "orchestrator.plan";

    /// <summary>The network it is to have: <c>bridge</c>, or <c>none</c>.</summary>
    public const string Network = "orchestrator.network";

    /// <summary>The session of a session runner if known at creation; else the runner's id.</summary>
    public const string Session = "taylored-runner-session-id";

    /// <summary>
    /// The version of the guest: on our image, if its program runs in any image; see <see cref="GuestVolume"/> for others.
    /// </summary>
    public const string Guest = "orchestrator.guest";

    /// <summary>On volumes that hold a guest, and on containers that got it from there: its version.</summary>
    public const string GuestVolume = "orchestrator.guest-volume";

    /// <summary>On a container that fills such a volume: the guest's version.</summary>
    public const string GuestFill = "orchestrator.guest-fill";

    /// <summary>On our image, and on containers with a guest: the absolute path of the program that supervises commands.</summary>
    public const string Supervisor = "orchestrator.supervisor";

    /// <summary>On our image, and on containers with a guest: the user that commands run as.</summary>
    public const string CodeUser = "orchestrator.code-user";

    /// <summary>The labels of a runner's container.</summary>
    /// <param name="spec">The runner.</param>
    /// <param name="instance">The instance that keeps it.</param>
    /// <param name="plan">The hash of its plan.</param>
    /// <param name="guest">The version of the guest brought into its image; null for an image as it is.</param>
    public static Dictionary<string, string> Of(RunnerSpec spec, string instance, string plan, string? guest)
    {
        var labels = new Dictionary<string, string>
        {
            [Instance] = instance,
            [Runner] = spec.RunnerId,
            [Template] = spec.Template.Name,
            [Plan] = plan,
            [Network] = spec.Network == RunnerNetwork.None ? DockerBridge.None : "bridge",
        };
        if (guest is not null)
        {
            labels[GuestVolume] = guest;
            labels[Supervisor] = Docker.GuestVolume.Program;
            labels[CodeUser] = Docker.GuestVolume.CodeUser;
        }

        if (spec.Owner is { Tenant: var tenant })
        {
            labels[Tenant] = tenant.Name;
        }

        if (spec.Template.Name == RunnersOptions.TemplateName)
        {
            labels[Session] = spec.Owner is { Kind: OwnerKind.Session } owner ? owner.Id : spec.RunnerId;
        }

        return labels;
    }

    /// <summary>A filter on one label's value, in the form of the engine's calls.</summary>
    public static Dictionary<string, IDictionary<string, bool>> Filter(params (string Label, string Value)[] wanted) => new()
    {
        ["label"] = wanted.ToDictionary(w => $"{w.Label}={w.Value}", _ => true),
    };
}
