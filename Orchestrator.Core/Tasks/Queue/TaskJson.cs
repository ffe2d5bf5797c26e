using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Core.Tasks.Queue;

/// <summary>How stores write a task down.</summary>
[JsonSerializable(typeof(TaskSpec))]
internal sealed partial class TaskJson : JsonSerializerContext
{
    private static readonly TaskJson Compact = new(new JsonSerializerOptions
    {
        // Stored, never shown: nothing has to be escaped for a browser.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    });

    public static byte[] Write(TaskSpec spec) => JsonSerializer.SerializeToUtf8Bytes(spec, Compact.TaskSpec);

    public static string WriteText(TaskSpec spec) => JsonSerializer.Serialize(spec, Compact.TaskSpec);

    public static TaskSpec Read(string text) => JsonSerializer.Deserialize(text, Compact.TaskSpec)!;

    public static TaskSpec Read(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, Compact.TaskSpec)!;
}
