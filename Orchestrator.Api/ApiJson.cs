using System.Text.Json.Serialization;
using Orchestrator.Api.Health;
using Orchestrator.Api.Overview;

namespace Orchestrator.Api;

/// <summary>The JSON types that only this process writes; the others are in <see cref="Client.ContractJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(OverviewResponse))]
internal sealed partial class ApiJson : JsonSerializerContext;
