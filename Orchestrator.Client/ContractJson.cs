using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Client;

/// <summary>All requests and answers of sessions, machines and tasks, as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProvisionRequest))]
[JsonSerializable(typeof(ProvisionResponse))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(RunnerList))]
[JsonSerializable(typeof(ExecBody))]
[JsonSerializable(typeof(ExecResponse))]
[JsonSerializable(typeof(ExitEvent))]
[JsonSerializable(typeof(BackgroundResponse))]
[JsonSerializable(typeof(ProcessList))]
[JsonSerializable(typeof(FileList))]
[JsonSerializable(typeof(FileAnswer))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(DirectoryRequest))]
[JsonSerializable(typeof(FileLinkRequest))]
[JsonSerializable(typeof(FileLink))]
[JsonSerializable(typeof(FileChange))]
[JsonSerializable(typeof(MachineResponse))]
[JsonSerializable(typeof(MachineList))]
[JsonSerializable(typeof(DestroyRequest))]
[JsonSerializable(typeof(TaskRequest))]
[JsonSerializable(typeof(TaskAccepted))]
[JsonSerializable(typeof(TaskChanged))]
[JsonSerializable(typeof(TaskList))]
[JsonSerializable(typeof(TaskView))]
[JsonSerializable(typeof(TaskTypeList))]
[JsonSerializable(typeof(SumResponse))]
[JsonSerializable(typeof(ValkeyTestResponse))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ApiError))]
public sealed partial class ContractJson : JsonSerializerContext
{
    /// <summary>The same without escaping quotes and plus signs, for JSON that is never part of a page.</summary>
    public static ContractJson Plain { get; } = new(NewOptions(JsonIgnoreCondition.Never));

    /// <summary>The client's format of bodies: nulls are left out.</summary>
    internal static ContractJson Request { get; } = new(NewOptions(JsonIgnoreCondition.WhenWritingNull));

    private static JsonSerializerOptions NewOptions(JsonIgnoreCondition ignored) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = ignored,
    };
}
