using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>Everything the engine knows about one container.</summary>
public class ContainerInspectResponse
{
    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public DateTime Created { get; set; }
    public string Path { get; set; } = "";
    public IList<string> Args { get; set; } = null!;
    public State? State { get; set; }
    public string Image { get; set; } = "";
    public string ResolvConfPath { get; set; } = "";
    public string HostnamePath { get; set; } = "";
    public string HostsPath { get; set; } = "";
    public string LogPath { get; set; } = "";
    public string Name { get; set; } = "";
    public long RestartCount { get; set; }
    public string Driver { get; set; } = "";
    public string Platform { get; set; } = "";
    public string MountLabel { get; set; } = "";
    public string ProcessLabel { get; set; } = "";
    public string AppArmorProfile { get; set; } = "";
    public IList<string> ExecIDs { get; set; } = null!;
    public HostConfig? HostConfig { get; set; }
    public long? SizeRw { get; set; }
    public long? SizeRootFs { get; set; }
    public IList<MountPoint> Mounts { get; set; } = null!;
    public ContainerConfig? Config { get; set; }
    public NetworkSettings? NetworkSettings { get; set; }
}

/// <summary>What the container is doing; times are RFC 3339 text.</summary>
public class State
{
    public string Status { get; set; } = "";
    public bool Running { get; set; }
    public bool Paused { get; set; }
    public bool Restarting { get; set; }
    public bool OOMKilled { get; set; }
    public bool Dead { get; set; }
    public long Pid { get; set; }
    public long ExitCode { get; set; }
    public string Error { get; set; } = "";
    public string StartedAt { get; set; } = "";
    public string FinishedAt { get; set; } = "";
    public Health? Health { get; set; }
}

/// <summary>Ports and addresses of a running container.</summary>
public class NetworkSettings
{
    public string SandboxID { get; set; } = "";
    public string SandboxKey { get; set; } = "";
    public IDictionary<string, IList<PortBinding>> Ports { get; set; } = null!;
    public IDictionary<string, EndpointSettings> Networks { get; set; } = null!;
}
