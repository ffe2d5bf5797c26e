using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>The JSON in which stores keep a task.</summary>
[JsonSerializable(typeof(TaskSpecification))]
internal sealed partial class TaskJson : JsonSerializerContext
{
    private static readonly TaskJson Compact = new(new JsonSerializerOptions
    {
        // Stored, never shown: nothing has to be escaped for a browser.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    });

    public static byte[] Write(TaskSpecification spec) => JsonSerializer.SerializeToUtf8Bytes(spec, Compact.TaskSpecification);

    public static string WriteText(TaskSpecification spec) => JsonSerializer.Serialize(spec, Compact.TaskSpecification);

    public static TaskSpecification Read(string text) => JsonSerializer.Deserialize(text, Compact.TaskSpecification)!;

    public static TaskSpecification Read(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, Compact.TaskSpecification)!;
}
