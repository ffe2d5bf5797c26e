using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(CommandExit))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
