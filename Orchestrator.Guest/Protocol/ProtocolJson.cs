using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(CommandExit))]
[JsonSerializable(typeof(FileRequest))]
[JsonSerializable(typeof(FileEntry))]
[JsonSerializable(typeof(FileFacts))]
[JsonSerializable(typeof(FileRange))]
[JsonSerializable(typeof(WatchRequest))]
[JsonSerializable(typeof(FileEvent))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
