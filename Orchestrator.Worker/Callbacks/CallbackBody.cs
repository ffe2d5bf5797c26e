using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Client;
using Orchestrator.Core.Tasks.Queue;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Callbacks;

/// <summary>Writes the bodies of callbacks.</summary>
internal static class CallbackBody
{
    public static byte[] Write(TaskRecord task) => task.Spec.Callback!.Shape == CallbackShape.Pod
        ? WritePod(task)
        : JsonSerializer.SerializeToUtf8Bytes(TaskViews.Of(task, null), ContractJson.Plain.TaskView);

    // Contract, "Pod": {"success":true,"result":{"task_id","result","todoId"}}, a failure with a message and no result.
    private static byte[] WritePod(TaskRecord task)
    {
        var callback = task.Spec.Callback!;
        var complete = task.State == TaskPhase.Complete;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("success", complete);
            if (!complete)
            {
                json.WriteString("message", task.Error ?? "The task was cancelled.");
            }

            json.WriteStartObject("result");
            json.WriteString("task_id", callback.PodTaskId);
            if (complete)
            {
                json.WritePropertyName("result");
                json.WriteRawValue(task.Result!, skipInputValidation: true);
            }

            json.WriteString("todoId", callback.TodoId);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
