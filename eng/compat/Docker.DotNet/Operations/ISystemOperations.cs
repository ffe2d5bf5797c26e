using Docker.DotNet.Models;

namespace Docker.DotNet;

/// <summary>Calls about the engine itself.</summary>
public interface ISystemOperations
{
    Task<VersionResponse> GetVersionAsync(CancellationToken cancellationToken = default);

    Task PingAsync(CancellationToken cancellationToken = default);

    Task<SystemInfoResponse> GetSystemInfoAsync(CancellationToken cancellationToken = default);

    /// <summary>Reports events until cancelled, until <c>Until</c>, or until the engine ends the stream.</summary>
    Task MonitorEventsAsync(ContainerEventsParameters parameters, IProgress<Message> progress, CancellationToken cancellationToken = default);
}
