using System.Buffers;
using System.Text.Json;
using Orchestrator.Core.Tasks;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Tasks;

/// <summary>Spells the fields of inputs as the schemas of their task types do: <c>firstNonce</c> is <c>first_nonce</c>.</summary>
internal sealed class TaskFields(TaskTypes types)
{
    private readonly Dictionary<string, FieldNames> _byType = types.All
        .Select(handler => (handler.Type, Names: NamesOf(handler.InputSchema)))
        .Where(type => type.Names is not null)
        .ToDictionary(type => type.Type, type => type.Names!, StringComparer.Ordinal);

    /// <summary>An input of a type with every field spelled as its schema does.</summary>
    /// <exception cref="InvalidInputException">A field is unknown, or given in two spellings.</exception>
    public JsonElement Spell(string type, JsonElement input)
    {
        if (input.ValueKind != JsonValueKind.Object || !_byType.TryGetValue(type, out var names)
            || input.EnumerateObject().All(field => names.All.Contains(field.Name)))
        {
            return input;
        }

        var written = new Dictionary<string, string>(StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        foreach (var field in input.EnumerateObject())
        {
            var index = names.FindSpelling(field.Name);
            var name = index >= 0 ? names.All[index] : throw names.Unknown("input.", field.Name);
            if (!written.TryAdd(name, field.Name) && written[name] != field.Name)
            {
                throw InvalidInputException.Field($"input.{field.Name}", $"is given as input.{written[name]} too.");
            }

            writer.WritePropertyName(name);
            field.Value.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.Flush();
        return JsonElement.Parse(buffer.WrittenSpan);
    }

    // Null for an open schema, whose handler takes any field.
    private static FieldNames? NamesOf(string schema) =>
        JsonElement.Parse(schema) is var root
        && root.TryGetProperty("additionalProperties", out var others) && others.ValueKind == JsonValueKind.False
        && root.TryGetProperty("properties", out var properties)
            ? new FieldNames(properties.EnumerateObject().Select(property => property.Name))
            : null;
}
