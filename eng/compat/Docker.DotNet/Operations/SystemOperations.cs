using Docker.DotNet.Json;
using Docker.DotNet.Models;
using Docker.DotNet.Transport;

namespace Docker.DotNet.Operations;

internal sealed class SystemOperations(DockerClient client) : ISystemOperations
{
    public Task<VersionResponse> GetVersionAsync(CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Get("version"), EngineJson.Default.VersionResponse, cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Get("_ping"), cancellationToken);

    public Task<SystemInfoResponse> GetSystemInfoAsync(CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Get("info"), EngineJson.Default.SystemInfoResponse, cancellationToken);

    public Task MonitorEventsAsync(
        ContainerEventsParameters parameters, IProgress<Message> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(progress);
        var query = new Query()
            .Add("since", parameters.Since)
            .Add("until", parameters.Until)
            .Add("filters", parameters.Filters);
        return client.ReportAsync(EngineCall.Get("events").With(query), EngineJson.Default.Message, progress, cancellationToken);
    }
}
