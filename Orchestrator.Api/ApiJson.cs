using System.Text.Json.Serialization;
using Orchestrator.Api.Health;
using Orchestrator.Api.Overview;
using Orchestrator.Api.Sessions.Files;

namespace Orchestrator.Api;

/// <summary>The JSON types that only this process writes; the others are in <see cref="Client.ContractJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FileName))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(OverviewResponse))]
internal sealed partial class ApiJson : JsonSerializerContext;
