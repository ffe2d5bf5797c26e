using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>One line of the list of images.</summary>
public class ImagesListResponse
{
    public long Containers { get; set; }
    public DateTime Created { get; set; }

    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public IDictionary<string, string> Labels { get; set; } = null!;

    [JsonPropertyName("ParentId")]
    public string ParentID { get; set; } = "";

    public IList<string> RepoDigests { get; set; } = null!;
    public IList<string> RepoTags { get; set; } = null!;
    public long SharedSize { get; set; }
    public long Size { get; set; }
}

/// <summary>Everything the engine knows about one image.</summary>
public class ImageInspectResponse
{
    [JsonPropertyName("Id")]
    public string ID { get; set; } = "";

    public IList<string> RepoTags { get; set; } = null!;
    public IList<string> RepoDigests { get; set; } = null!;
    public string? Comment { get; set; }
    public DateTime? Created { get; set; }
    public string? Author { get; set; }
    public DockerOCIImageConfig? Config { get; set; }
    public string Architecture { get; set; } = "";
    public string? Variant { get; set; }
    public string Os { get; set; } = "";
    public string? OsVersion { get; set; }
    public long Size { get; set; }
    public RootFS RootFS { get; set; } = null!;
}

/// <summary>The layers of an image.</summary>
public class RootFS
{
    public string? Type { get; set; }
    public IList<string>? Layers { get; set; }
}

/// <summary>What an image tells containers to start with.</summary>
public class DockerOCIImageConfig
{
    public string? User { get; set; }
    public IDictionary<string, EmptyStruct>? ExposedPorts { get; set; }
    public IList<string>? Env { get; set; }
    public IList<string>? Entrypoint { get; set; }
    public IList<string>? Cmd { get; set; }
    public IDictionary<string, EmptyStruct>? Volumes { get; set; }
    public string? WorkingDir { get; set; }
    public IDictionary<string, string>? Labels { get; set; }
    public string? StopSignal { get; set; }
    public bool? ArgsEscaped { get; set; }
    public HealthcheckConfig? Healthcheck { get; set; }
    public IList<string>? OnBuild { get; set; }
    public IList<string>? Shell { get; set; }
}
