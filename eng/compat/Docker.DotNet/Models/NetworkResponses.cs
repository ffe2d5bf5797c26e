using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>The id of the network just made.</summary>
public class NetworksCreateResponse
{
    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public string Warning { get; set; } = "";
}

/// <summary>Everything the engine knows about one network.</summary>
public class NetworkResponse
{
    public string Name { get; set; } = "";

    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public DateTime Created { get; set; }
    public string Scope { get; set; } = "";
    public string Driver { get; set; } = "";
    public bool EnableIPv4 { get; set; }
    public bool EnableIPv6 { get; set; }
    public IPAM IPAM { get; set; } = null!;
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public ConfigReference ConfigFrom { get; set; } = null!;
    public bool ConfigOnly { get; set; }
    public IDictionary<string, string> Options { get; set; } = null!;
    public IDictionary<string, string> Labels { get; set; } = null!;
    public IDictionary<string, EndpointResource> Containers { get; set; } = null!;
}

/// <summary>A container in a network.</summary>
public class EndpointResource
{
    public string Name { get; set; } = "";
    public string EndpointID { get; set; } = "";
    public string MacAddress { get; set; } = "";
    public string IPv4Address { get; set; } = "";
    public string IPv6Address { get; set; } = "";
}

/// <summary>How a network hands out addresses.</summary>
public class IPAM
{
    public string Driver { get; set; } = "";
    public IDictionary<string, string> Options { get; set; } = null!;
    public IList<IPAMConfig> Config { get; set; } = null!;
}

/// <summary>A range of addresses.</summary>
public class IPAMConfig
{
    public string Subnet { get; set; } = "";
    public string IPRange { get; set; } = "";
    public string Gateway { get; set; } = "";

    [JsonPropertyName("AuxiliaryAddresses")]
    public IDictionary<string, string>? AuxAddress { get; set; }
}

/// <summary>The network whose configuration is used.</summary>
public class ConfigReference
{
    public string Network { get; set; } = "";
}
