using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>One line of progress of a pull, an import or a load.</summary>
public class JSONMessage
{
    [JsonPropertyName("stream")]
    public string? Stream { get; set; }

    [JsonPropertyName("status")]
    public string? Status { get; set; }

    [JsonPropertyName("progressDetail")]
    public JSONProgress? Progress { get; set; }

    [JsonPropertyName("id")]
    public string? ID { get; set; }

    [JsonPropertyName("errorDetail")]
    public JSONError? Error { get; set; }
}

/// <summary>Why it failed.</summary>
public class JSONError
{
    [JsonPropertyName("code")]
    public long? Code { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }
}

/// <summary>How far it is.</summary>
public class JSONProgress
{
    [JsonPropertyName("current")]
    public long? Current { get; set; }

    [JsonPropertyName("total")]
    public long? Total { get; set; }

    [JsonPropertyName("start")]
    public long? Start { get; set; }

    [JsonPropertyName("hidecounts")]
    public bool? HideCounts { get; set; }

    [JsonPropertyName("units")]
    public string? Units { get; set; }
}
