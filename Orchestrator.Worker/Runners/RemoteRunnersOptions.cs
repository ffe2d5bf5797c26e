using System.ComponentModel.DataAnnotations;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Worker.Runners;

/// <summary>Section <c>Tasks</c>, as far as it says where a worker on its own gets runners from.</summary>
internal sealed class RemoteRunnersOptions
{
    public const string Section = "Tasks";

    /// <summary>The sessions listener of an API, whose runners <c>run</c> leases.</summary>
    [Required, HttpAddress]
    public string ApiUrl { get; set; } = "http://localhost:3001";

    /// <summary>The key for it, one of its <c>Security:ApiKeys</c>; null where it has none.</summary>
    public string? ApiKey { get; set; }
}
