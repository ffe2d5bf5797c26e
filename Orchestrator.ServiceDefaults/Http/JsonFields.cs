using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>
/// Compares the field names of a body with those of its type, at every depth, and checks that its texts are Unicode: JSON that
/// is kept as text is not decoded, and may hold half a surrogate pair.
/// </summary>
internal ref struct JsonFields
{
    private static readonly ConcurrentDictionary<JsonTypeInfo, Fields> Known = new();

    private readonly bool _ignoresUnknown;
    private readonly Utf8JsonWriter? _writer;
    private Utf8JsonReader _reader;
    private bool _misspelled;

    private JsonFields(ReadOnlySequence<byte> body, JsonReaderOptions options, bool ignoresUnknown, Utf8JsonWriter? writer)
    {
        _ignoresUnknown = ignoresUnknown;
        _writer = writer;
        _reader = new Utf8JsonReader(body, options);
    }

    /// <summary>Checks a body that its type can be read from.</summary>
    /// <returns>The body with every name as its type spells it; null when it is so already.</returns>
    /// <exception cref="InvalidInputException">A field is unknown or given in two spellings, or a text is not Unicode.</exception>
    public static ReadOnlyMemory<byte>? Correct(ReadOnlySequence<byte> body, JsonTypeInfo type, JsonReaderOptions options, bool ignoresUnknown)
    {
        if (!Visit(body, type, options, ignoresUnknown, null))
        {
            return null;
        }

        var corrected = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(corrected);
        Visit(body, type, options, ignoresUnknown, writer);
        writer.Flush();
        return corrected.WrittenMemory;
    }

    private static bool Visit(ReadOnlySequence<byte> body, JsonTypeInfo type, JsonReaderOptions options, bool ignoresUnknown, Utf8JsonWriter? writer)
    {
        var visit = new JsonFields(body, options, ignoresUnknown, writer);
        visit._reader.Read();
        visit.Value(type, "");
        return visit._misspelled;
    }

    private void Value(JsonTypeInfo? type, string path)
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Object(type, path);
                break;
            case JsonTokenType.StartArray:
                Array(type, path);
                break;
            case JsonTokenType.String:
                var text = Text();
                _writer?.WriteStringValue(text);
                break;
            default:
                // As written, so that no number is rounded.
                _writer?.WriteRawValue(_reader.HasValueSequence ? _reader.ValueSequence.ToArray() : _reader.ValueSpan, skipInputValidation: true);
                break;
        }
    }

    private void Object(JsonTypeInfo? type, string path)
    {
        var fields = type?.Kind == JsonTypeInfoKind.Object ? Known.GetOrAdd(type, Fields.Of) : null;
        var entries = type?.Kind == JsonTypeInfoKind.Dictionary ? Fields.TypeOf(type, type.ElementType) : null;
        var written = fields is null || _writer is null ? null : new Dictionary<int, string>();
        _writer?.WriteStartObject();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text();
            var index = fields is null ? -1 : Find(fields.Names, name, path);
            _writer?.WritePropertyName(index < 0 ? name : fields!.Names.All[index]);
            if (index >= 0 && written?.TryAdd(index, name) == false && written[index] != name)
            {
                throw InvalidInputException.Field(path + FieldNames.Shown(name), $"is given as {path}{FieldNames.Shown(written[index])} too.");
            }

            _reader.Read();
            var (inner, below) = index >= 0 ? (fields!.Types[index], fields.Names.All[index]) : (entries, name);
            Value(inner, inner is null ? "" : $"{path}{FieldNames.Shown(below)}.");
        }

        _writer?.WriteEndObject();
    }

    private void Array(JsonTypeInfo? type, string path)
    {
        var element = type?.Kind == JsonTypeInfoKind.Enumerable ? Fields.TypeOf(type, type.ElementType) : null;
        _writer?.WriteStartArray();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            Value(element, path);
        }

        _writer?.WriteEndArray();
    }

    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidInputException("BODY_INVALID", "The body contains invalid Unicode.");
        }
    }

    private int Find(FieldNames names, string name, string path)
    {
        for (var index = 0; index < names.All.Count; index++)
        {
            if (names.All[index] == name)
            {
                return index;
            }
        }

        if (!_ignoresUnknown)
        {
            throw names.Unknown(path, name);
        }

        var spelling = names.FindSpelling(name);
        _misspelled |= spelling >= 0;
        return spelling;
    }

    /// <summary>The fields of an object's type, with the types whose own fields are compared too.</summary>
    private sealed record Fields(FieldNames Names, JsonTypeInfo?[] Types)
    {
        public static Fields Of(JsonTypeInfo type)
        {
            var properties = type.Properties.Where(property => !property.IsExtensionData).ToList();
            return new Fields(
                new FieldNames(properties.Select(property => property.Name)),
                [.. properties.Select(property => property.CustomConverter is null ? TypeOf(type, property.PropertyType) : null)]);
        }

        /// <summary>The type of a value inside another; null for one without fields.</summary>
        public static JsonTypeInfo? TypeOf(JsonTypeInfo outer, Type? inner) =>
            inner is not null && outer.Options.TryGetTypeInfo(inner, out var type) && type.Kind != JsonTypeInfoKind.None ? type : null;
    }
}
