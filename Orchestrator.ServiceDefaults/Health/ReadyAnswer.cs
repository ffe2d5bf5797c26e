using System.Text.Json.Serialization;

namespace Orchestrator.ServiceDefaults.Health;

/// <summary>The answer of <c>/ready</c>.</summary>
internal sealed record ReadyAnswer(string Status, IReadOnlyDictionary<string, string> Checks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReadyAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
