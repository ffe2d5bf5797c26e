using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>Calls about commands that run in a container beside its own.</summary>
public interface IExecOperations
{
    Task<ContainerExecInspectResponse> InspectContainerExecAsync(string id, CancellationToken cancellationToken = default);

    Task<ContainerExecCreateResponse> CreateContainerExecAsync(string id, ContainerExecCreateParameters parameters, CancellationToken cancellationToken = default);

    /// <summary>Starts the command and attaches to it; disposing the stream does not end it.</summary>
    Task<MultiplexedStream> StartContainerExecAsync(string id, ContainerExecStartParameters parameters, CancellationToken cancellationToken = default);
}
