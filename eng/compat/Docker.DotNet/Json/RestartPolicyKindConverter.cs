using System.Text.Json;
using System.Text.Json.Serialization;
using Docker.DotNet.Models;

namespace Docker.DotNet.Json;

/// <summary><c>unless-stopped</c> and its like; the empty text when nothing was chosen.</summary>
internal sealed class RestartPolicyKindConverter : JsonConverter<RestartPolicyKind>
{
    private static readonly string[] Names = ["", "no", "always", "on-failure", "unless-stopped"];

    public override RestartPolicyKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var name = reader.GetString() ?? "";
        var index = Array.IndexOf(Names, name);
        return index >= 0 ? (RestartPolicyKind)index : throw new JsonException($"Unknown restart policy '{name}'.");
    }

    public override void Write(Utf8JsonWriter writer, RestartPolicyKind value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Names[(int)value]);
}
