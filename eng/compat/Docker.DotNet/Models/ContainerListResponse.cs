using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>One line of the list of containers.</summary>
public class ContainerListResponse
{
    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public IList<string> Names { get; set; } = null!;
    public string Image { get; set; } = "";
    public string ImageID { get; set; } = "";
    public string Command { get; set; } = "";
    public DateTime Created { get; set; }
    public IList<PortSummary> Ports { get; set; } = null!;
    public long? SizeRw { get; set; }
    public long? SizeRootFs { get; set; }
    public IDictionary<string, string> Labels { get; set; } = null!;
    public string State { get; set; } = "";
    public string Status { get; set; } = "";
    public SummaryHostConfig HostConfig { get; set; } = null!;
    public NetworkSettingsSummary? NetworkSettings { get; set; }
    public IList<MountPoint> Mounts { get; set; } = null!;
}

/// <summary>A published port of a listed container.</summary>
public class PortSummary
{
    public string? IP { get; set; }
    public ushort PrivatePort { get; set; }
    public ushort? PublicPort { get; set; }
    public string Type { get; set; } = "";
}

/// <summary>Host settings of a listed container.</summary>
public class SummaryHostConfig
{
    public string? NetworkMode { get; set; }
    public IDictionary<string, string>? Annotations { get; set; }
}

/// <summary>Networks of a listed container.</summary>
public class NetworkSettingsSummary
{
    public IDictionary<string, EndpointSettings> Networks { get; set; } = null!;
}
