using Docker.DotNet.Json;
using Docker.DotNet.Models;
using Docker.DotNet.Transport;

namespace Docker.DotNet.Operations;

internal sealed class ExecOperations(DockerClient client) : IExecOperations
{
    public Task<ContainerExecInspectResponse> InspectContainerExecAsync(string id, CancellationToken cancellationToken)
    {
        Require.Text(id);
        return client.SendAsync(
            EngineCall.Get($"exec/{id}/json").AboutContainer(),
            EngineJson.Default.ContainerExecInspectResponse,
            cancellationToken);
    }

    public Task<ContainerExecCreateResponse> CreateContainerExecAsync(
        string id, ContainerExecCreateParameters parameters, CancellationToken cancellationToken)
    {
        Require.Text(id);
        ArgumentNullException.ThrowIfNull(parameters);
        return client.SendAsync(
            EngineCall.Post($"containers/{id}/exec")
                .With(parameters, EngineJson.Default.ContainerExecCreateParameters)
                .AboutContainer(),
            EngineJson.Default.ContainerExecCreateResponse,
            cancellationToken);
    }

    public async Task<MultiplexedStream> StartContainerExecAsync(
        string id, ContainerExecStartParameters parameters, CancellationToken cancellationToken)
    {
        Require.Text(id);
        ArgumentNullException.ThrowIfNull(parameters);
        var call = EngineCall.Post($"exec/{id}/start")
            .With(parameters, EngineJson.Default.ContainerExecStartParameters)
            .AboutContainer();
        return new MultiplexedStream(await client.HijackAsync(call, cancellationToken), multiplexed: !parameters.TTY);
    }
}
