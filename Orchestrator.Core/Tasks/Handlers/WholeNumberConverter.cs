using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>Reads integers as JSON Schema has them: <c>5</c>, <c>5.0</c> and <c>5e0</c> are the same one.</summary>
public sealed class WholeNumberConverter : JsonConverter<long>
{
    /// <inheritdoc />
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            throw new JsonException();
        }

        if (reader.TryGetInt64(out var plain))
        {
            return plain;
        }

        var text = Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan);
        return Find(text) ?? throw new JsonException();
    }

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);

    /// <summary>The integer that a value is; null when it is not one.</summary>
    internal static long? Find(JsonElement value) => value switch
    {
        { ValueKind: not JsonValueKind.Number } => null,
        _ when value.TryGetInt64(out var plain) => plain,
        _ => Find(value.GetRawText()),
    };

    private static long? Find(string text) => ExactNumber.TryParse(text, out var number) is null ? number.ToWhole() : null;
}
