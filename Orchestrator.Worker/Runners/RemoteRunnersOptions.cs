using System.ComponentModel.DataAnnotations;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Worker.Runners;

/// <summary>Section <c>Tasks</c>, as far as it says where a worker on its own gets runners from.</summary>
internal sealed class RemoteRunnersOptions
{
    public const string Section = "Tasks";

    /// <summary>Worker on its own: the API whose runners <c>run</c> tasks lease.</summary>
    [Required, HttpAddress]
    public string ApiUrl { get; set; } = "http://localhost:3001";

    /// <summary>Worker on its own: a key of that API.</summary>
    public string? ApiKey { get; set; }
}
