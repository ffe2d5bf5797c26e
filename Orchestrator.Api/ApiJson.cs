using System.Text.Json.Serialization;
using Orchestrator.Api.Health;
using Orchestrator.Api.Overview;

namespace Orchestrator.Api;

/// <summary>What only this process writes as JSON; the rest is <see cref="Client.ContractJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(OverviewResponse))]
internal sealed partial class ApiJson : JsonSerializerContext;
