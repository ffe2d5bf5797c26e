using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>Filters of the list of images.</summary>
public class ImagesListParameters
{
    public bool? All { get; set; }
    public IDictionary<string, IDictionary<string, bool>>? Filters { get; set; }
    public bool? SharedSize { get; set; }
    public bool? Digests { get; set; }
    public bool? Manifests { get; set; }
}

/// <summary>What to pull or import.</summary>
public class ImagesCreateParameters
{
    public string? FromImage { get; set; }
    public string? FromSrc { get; set; }
    public string? Repo { get; set; }
    public string? Tag { get; set; }
    public string? Message { get; set; }
    public IList<string>? Changes { get; set; }
    public string? Platform { get; set; }
}

/// <summary>A name to add.</summary>
public class ImageTagParameters
{
    public string? RepositoryName { get; set; }
    public string? Tag { get; set; }
}

/// <summary>Options of a deletion.</summary>
public class ImageDeleteParameters
{
    public bool? Force { get; set; }
    public bool? NoPrune { get; set; }
}

/// <summary>Options of a load.</summary>
public class ImageLoadParameters
{
    public bool Quiet { get; set; }
}

/// <summary>Credentials of a registry.</summary>
public class AuthConfig
{
    [JsonPropertyName("username")]
    public string? Username { get; set; }

    [JsonPropertyName("password")]
    public string? Password { get; set; }

    [JsonPropertyName("auth")]
    public string? Auth { get; set; }

    [JsonPropertyName("serveraddress")]
    public string? ServerAddress { get; set; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; set; }

    [JsonPropertyName("registrytoken")]
    public string? RegistryToken { get; set; }
}
