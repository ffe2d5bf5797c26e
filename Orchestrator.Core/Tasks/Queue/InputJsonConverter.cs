using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>Keeps a task's input verbatim, as JSON inside the stored JSON.</summary>
internal sealed class InputJsonConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.GetRawText();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value, skipInputValidation: true);
}
