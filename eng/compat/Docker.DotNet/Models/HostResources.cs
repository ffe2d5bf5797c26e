using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>A log driver and its options.</summary>
public class LogConfig
{
    public string Type { get; set; } = "";
    public IDictionary<string, string> Config { get; set; } = null!;
}

/// <summary>When the engine starts a container again by itself.</summary>
public class RestartPolicy
{
    public RestartPolicyKind Name { get; set; }
    public long MaximumRetryCount { get; set; }
}

/// <summary>The host's side of a published port; an empty port lets the engine choose.</summary>
public class PortBinding
{
    [JsonPropertyName("HostIp")]
    public string HostIP { get; set; } = "";

    public string HostPort { get; set; } = "";
}

/// <summary>A limit of getrlimit(2).</summary>
public class Ulimit
{
    public string Name { get; set; } = "";
    public long Hard { get; set; }
    public long Soft { get; set; }
}

/// <summary>A host device seen inside.</summary>
public class DeviceMapping
{
    public string PathOnHost { get; set; } = "";
    public string PathInContainer { get; set; } = "";
    public string CgroupPermissions { get; set; } = "";
}
