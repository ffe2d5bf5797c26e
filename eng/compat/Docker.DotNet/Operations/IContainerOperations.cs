using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>Calls about containers.</summary>
public interface IContainerOperations
{
    Task<IList<ContainerListResponse>> ListContainersAsync(ContainersListParameters parameters, CancellationToken cancellationToken = default);

    /// <exception cref="DockerImageNotFoundException">There is no such image.</exception>
    Task<CreateContainerResponse> CreateContainerAsync(CreateContainerParameters parameters, CancellationToken cancellationToken = default);

    Task<ContainerInspectResponse> InspectContainerAsync(string id, CancellationToken cancellationToken = default);

    Task<ContainerInspectResponse> InspectContainerAsync(string id, ContainerInspectParameters parameters, CancellationToken cancellationToken = default);

    /// <summary>The log so far, or with <c>Follow</c> until the container ends.</summary>
    Task<MultiplexedStream> GetContainerLogsAsync(string id, ContainerLogsParameters parameters, CancellationToken cancellationToken = default);

    /// <returns>False when it was running already.</returns>
    Task<bool> StartContainerAsync(string id, ContainerStartParameters? parameters = null, CancellationToken cancellationToken = default);

    /// <returns>False when it was not running.</returns>
    Task<bool> StopContainerAsync(string id, ContainerStopParameters parameters, CancellationToken cancellationToken = default);

    Task RestartContainerAsync(string id, ContainerRestartParameters parameters, CancellationToken cancellationToken = default);

    Task KillContainerAsync(string id, ContainerKillParameters parameters, CancellationToken cancellationToken = default);

    Task RenameContainerAsync(string id, ContainerRenameParameters parameters, CancellationToken cancellationToken = default);

    Task PauseContainerAsync(string id, CancellationToken cancellationToken = default);

    Task UnpauseContainerAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Waits until the container is not running, however long that takes.</summary>
    Task<ContainerWaitResponse> WaitContainerAsync(string id, CancellationToken cancellationToken = default);

    Task RemoveContainerAsync(string id, ContainerRemoveParameters parameters, CancellationToken cancellationToken = default);

    /// <summary>Unpacks a tar archive into the container's file system.</summary>
    Task ExtractArchiveToContainerAsync(string id, CopyToContainerParameters parameters, Stream stream, CancellationToken cancellationToken = default);
}
