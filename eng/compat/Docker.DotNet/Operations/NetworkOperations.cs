using Docker.DotNet.Json;
using Docker.DotNet.Models;
using Docker.DotNet.Transport;

namespace Docker.DotNet.Operations;

internal sealed class NetworkOperations(DockerClient client) : INetworkOperations
{
    public async Task<IList<NetworkResponse>> ListNetworksAsync(
        NetworksListParameters? parameters, CancellationToken cancellationToken) =>
        await client.SendAsync(
            EngineCall.Get("networks").With(new Query().Add("filters", parameters?.Filters)),
            EngineJson.Default.Networks,
            cancellationToken);

    public Task<NetworkResponse> InspectNetworkAsync(string id, CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Get(Path(id, "")).AboutNetwork(), EngineJson.Default.NetworkResponse, cancellationToken);

    public Task DeleteNetworkAsync(string id, CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Delete(Path(id, "")).AboutNetwork(), cancellationToken);

    public Task<NetworksCreateResponse> CreateNetworkAsync(
        NetworksCreateParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return client.SendAsync(
            EngineCall.Post("networks/create").With(parameters, EngineJson.Default.NetworksCreateParameters),
            EngineJson.Default.NetworksCreateResponse,
            cancellationToken);
    }

    public Task ConnectNetworkAsync(string id, NetworkConnectParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var call = EngineCall.Post(Path(id, "/connect")).With(parameters, EngineJson.Default.NetworkConnectParameters);
        return client.SendAsync(call.AboutNetwork(), cancellationToken);
    }

    public Task DisconnectNetworkAsync(
        string id, NetworkDisconnectParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var call = EngineCall.Post(Path(id, "/disconnect")).With(parameters, EngineJson.Default.NetworkDisconnectParameters);
        return client.SendAsync(call.AboutNetwork(), cancellationToken);
    }

    private static string Path(string id, string rest)
    {
        Require.Text(id);
        return $"networks/{id}{rest}";
    }
}
