using System.Text.Json.Serialization;

namespace Orchestrator.Guest.Protocol;

/// <summary>The JSON between server and agent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AgentRequest))]
[JsonSerializable(typeof(StartedProcess))]
[JsonSerializable(typeof(ProcessControl))]
internal sealed partial class AgentJson : JsonSerializerContext;
