using System.Text.Json.Serialization;
using Docker.DotNet.Models;

namespace Docker.DotNet.Json;

/// <summary>Everything that crosses the wire as JSON. What is null is left out.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(RestartPolicyKindConverter), typeof(EngineTimeConverter), typeof(NanosecondsConverter)])]
[JsonSerializable(typeof(AuthConfig))]
[JsonSerializable(typeof(ContainerExecCreateParameters))]
[JsonSerializable(typeof(ContainerExecCreateResponse))]
[JsonSerializable(typeof(ContainerExecInspectResponse))]
[JsonSerializable(typeof(ContainerExecStartParameters))]
[JsonSerializable(typeof(ContainerInspectResponse))]
[JsonSerializable(typeof(ContainerWaitResponse))]
[JsonSerializable(typeof(CreateContainerParameters))]
[JsonSerializable(typeof(CreateContainerResponse))]
[JsonSerializable(typeof(DockerConfig.ContextFile))]
[JsonSerializable(typeof(IDictionary<string, IDictionary<string, bool>>), TypeInfoPropertyName = "Filters")]
[JsonSerializable(typeof(ImageInspectResponse))]
[JsonSerializable(typeof(JSONMessage))]
[JsonSerializable(typeof(List<ContainerListResponse>), TypeInfoPropertyName = "Containers")]
[JsonSerializable(typeof(List<Dictionary<string, string>>), TypeInfoPropertyName = "DeletedImages")]
[JsonSerializable(typeof(List<ImagesListResponse>), TypeInfoPropertyName = "Images")]
[JsonSerializable(typeof(List<NetworkResponse>), TypeInfoPropertyName = "Networks")]
[JsonSerializable(typeof(Message))]
[JsonSerializable(typeof(NetworkConnectParameters))]
[JsonSerializable(typeof(NetworkDisconnectParameters))]
[JsonSerializable(typeof(NetworkResponse))]
[JsonSerializable(typeof(NetworksCreateParameters))]
[JsonSerializable(typeof(NetworksCreateResponse))]
[JsonSerializable(typeof(SystemInfoResponse))]
[JsonSerializable(typeof(VersionResponse))]
internal sealed partial class EngineJson : JsonSerializerContext;
