using System.Text.Json.Serialization;

namespace Docker.DotNet.Models;

/// <summary>Which events to send, and from when.</summary>
public class ContainerEventsParameters
{
    public string? Since { get; set; }
    public string? Until { get; set; }
    public IDictionary<string, IDictionary<string, bool>>? Filters { get; set; }
}

/// <summary>One event of the engine.</summary>
public class Message
{
    public string Type { get; set; } = "";
    public string Action { get; set; } = "";
    public Actor Actor { get; set; } = null!;

    [JsonPropertyName("scope")]
    public string? Scope { get; set; }

    [JsonPropertyName("time")]
    public long? Time { get; set; }

    [JsonPropertyName("timeNano")]
    public long? TimeNano { get; set; }
}

/// <summary>Whom an event is about.</summary>
public class Actor
{
    public string ID { get; set; } = "";
    public IDictionary<string, string> Attributes { get; set; } = null!;
}
