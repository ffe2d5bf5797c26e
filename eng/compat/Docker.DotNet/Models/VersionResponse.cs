using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>The engine's version and that of its API.</summary>
public class VersionResponse
{
    public string Version { get; set; } = "";

    [JsonPropertyName("ApiVersion")]
    public string APIVersion { get; set; } = "";

    public string? MinAPIVersion { get; set; }
    public string Os { get; set; } = "";
    public string Arch { get; set; } = "";
    public IList<ComponentVersion>? Components { get; set; }
    public string? GitCommit { get; set; }
    public string? GoVersion { get; set; }
    public string? KernelVersion { get; set; }
    public bool? Experimental { get; set; }
    public string? BuildTime { get; set; }
}

/// <summary>A part of the engine.</summary>
public class ComponentVersion
{
    public string Name { get; set; } = "";
    public string Version { get; set; } = "";
    public IDictionary<string, string>? Details { get; set; }
}
