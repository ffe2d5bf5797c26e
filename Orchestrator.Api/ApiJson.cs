using System.Text.Json.Serialization;
using Orchestrator.Api.Health;
using Orchestrator.Api.Machines;
using Orchestrator.Api.Overview;
using Orchestrator.Api.Sessions;
using Orchestrator.Api.Tasks;
using Orchestrator.Core.Tasks;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.Api;

/// <summary>Everything that the listeners of this process read and write as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProvisionRequest))]
[JsonSerializable(typeof(ProvisionResponse))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(RunnerList))]
[JsonSerializable(typeof(ExecBody))]
[JsonSerializable(typeof(ExecResponse))]
[JsonSerializable(typeof(MachineResponse))]
[JsonSerializable(typeof(MachineList))]
[JsonSerializable(typeof(DestroyRequest))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(OverviewResponse))]
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
internal sealed partial class ApiJson : JsonSerializerContext;
