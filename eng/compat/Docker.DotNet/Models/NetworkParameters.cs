namespace Docker.DotNet.Models;

/// <summary>Filters of the list of networks.</summary>
public class NetworksListParameters
{
    public IDictionary<string, IDictionary<string, bool>>? Filters { get; set; }
}

/// <summary>A network to make.</summary>
public class NetworksCreateParameters
{
    public string Name { get; set; } = "";
    public string Driver { get; set; } = "";
    public string Scope { get; set; } = "";
    public bool? EnableIPv4 { get; set; }
    public bool? EnableIPv6 { get; set; }
    public IPAM? IPAM { get; set; }
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public bool ConfigOnly { get; set; }
    public ConfigReference? ConfigFrom { get; set; }
    public IDictionary<string, string> Options { get; set; } = null!;
    public IDictionary<string, string> Labels { get; set; } = null!;
}

/// <summary>A container to connect.</summary>
public class NetworkConnectParameters
{
    public string Container { get; set; } = "";
    public EndpointSettings? EndpointConfig { get; set; }
}

/// <summary>A container to disconnect.</summary>
public class NetworkDisconnectParameters
{
    public string Container { get; set; } = "";
    public bool Force { get; set; }
}
