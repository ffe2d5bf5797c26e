using Docker.DotNet.Models;
using Orchestrator.Core;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>Reads a listing's entries; they hold all that a runner needs, so no container is inspected.</summary>
internal static class ObservedContainers
{
    /// <summary>A listed container as a runner; null when it lacks our labels.</summary>
    public static ObservedRunner? Read(ContainerListResponse container)
    {
        if (container.Labels is not { } labels
            || !labels.TryGetValue(DockerLabels.Runner, out var runnerId)
            || !labels.TryGetValue(DockerLabels.Template, out var template))
        {
            return null;
        }

        var name = container.Names is [var first, ..] ? first : "";
        var isolated = IsIsolated(container, labels);
        return new ObservedRunner(
            runnerId,
            template,
            container.State is "running" or "paused",
            DockerNames.OwnerIn(name, runnerId) ?? SessionIn(labels, runnerId),
            isolated ? RunnerNetwork.None : RunnerNetwork.Bridge,
            labels.TryGetValue(DockerLabels.Plan, out var plan) ? plan : null,
            new RunnerPlacement(container.ID, container.Image, GuestVolume.ImageIdOf(container.ImageID, labels), isolated ? null : Address(container), HostPort(container)),
            new DateTimeOffset(DateTime.SpecifyKind(container.Created, DateTimeKind.Utc)))
        {
            Paused = container.State == "paused",
        };
    }

    // A container that got its network late has "none" as its mode for good.
    private static bool IsIsolated(ContainerListResponse container, IDictionary<string, string> labels) =>
        (labels.TryGetValue(DockerLabels.Network, out var network) ? network : container.HostConfig?.NetworkMode) == DockerBridge.None;

    private static Owner? SessionIn(IDictionary<string, string> labels, string runnerId) =>
        labels.TryGetValue(DockerLabels.Session, out var session) && session.Length > 0 && session != runnerId
            ? Owner.Session(session, TenantIn(labels))
            : null;

    private static Tenant TenantIn(IDictionary<string, string> labels) =>
        labels.TryGetValue(DockerLabels.Tenant, out var name) && Tenant.TryParse(name, out var tenant) ? tenant : Tenant.Default;

    private static string? Address(ContainerListResponse container) =>
        container.NetworkSettings?.Networks?.Values.Select(network => network.IPAddress).FirstOrDefault(address => address is { Length: > 0 });

    private static int? HostPort(ContainerListResponse container) =>
        container.Ports?.FirstOrDefault(port => port.PublicPort is > 0)?.PublicPort;
}
