using System.Net;
using System.Net.Http.Headers;
using Docker.DotNet.Json;
using Docker.DotNet.Models;
using Docker.DotNet.Transport;

namespace Docker.DotNet.Operations;

internal sealed class ContainerOperations(DockerClient client) : IContainerOperations
{
    public async Task<IList<ContainerListResponse>> ListContainersAsync(
        ContainersListParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query()
            .Add("all", parameters.All)
            .Add("limit", parameters.Limit)
            .Add("size", parameters.Size)
            .Add("filters", parameters.Filters);
        return await client.SendAsync(
            EngineCall.Get("containers/json").With(query), EngineJson.Default.Containers, cancellationToken);
    }

    public Task<CreateContainerResponse> CreateContainerAsync(
        CreateContainerParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var call = EngineCall.Post("containers/create")
            .With(new Query().Add("name", parameters.Name).Add("platform", parameters.Platform))
            .With(parameters, EngineJson.Default.CreateContainerParameters)
            .AboutImage();
        return client.SendAsync(call, EngineJson.Default.CreateContainerResponse, cancellationToken);
    }

    public Task<ContainerInspectResponse> InspectContainerAsync(string id, CancellationToken cancellationToken) =>
        InspectContainerAsync(id, new ContainerInspectParameters(), cancellationToken);

    public Task<ContainerInspectResponse> InspectContainerAsync(
        string id, ContainerInspectParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return client.SendAsync(
            EngineCall.Get(Path(id, "/json")).With(new Query().Add("size", parameters.IncludeSize)).AboutContainer(),
            EngineJson.Default.ContainerInspectResponse,
            cancellationToken);
    }

    public async Task<MultiplexedStream> GetContainerLogsAsync(
        string id, ContainerLogsParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var container = await InspectContainerAsync(id, cancellationToken);
        var query = new Query()
            .Add("stdout", parameters.ShowStdout)
            .Add("stderr", parameters.ShowStderr)
            .Add("since", parameters.Since)
            .Add("until", parameters.Until)
            .Add("timestamps", parameters.Timestamps)
            .Add("follow", parameters.Follow)
            .Add("tail", parameters.Tail);
        var stream = await client.OpenStreamAsync(
            EngineCall.Get(Path(id, "/logs")).With(query).AboutContainer(), cancellationToken);
        return new MultiplexedStream(stream, multiplexed: container.Config?.Tty != true);
    }

    public async Task<bool> StartContainerAsync(
        string id, ContainerStartParameters? parameters, CancellationToken cancellationToken)
    {
        var query = new Query().Add("detachKeys", parameters?.DetachKeys);
        return await client.SendAsync(EngineCall.Post(Path(id, "/start")).With(query).AboutContainer(), cancellationToken)
            != HttpStatusCode.NotModified;
    }

    public async Task<bool> StopContainerAsync(
        string id, ContainerStopParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("t", parameters.WaitBeforeKillSeconds).Add("signal", parameters.Signal);
        var call = EngineCall.Post(Path(id, "/stop")).With(query).AboutContainer() with { Unbounded = true };
        return await client.SendAsync(call, cancellationToken) != HttpStatusCode.NotModified;
    }

    public Task RestartContainerAsync(
        string id, ContainerRestartParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("t", parameters.WaitBeforeKillSeconds).Add("signal", parameters.Signal);
        var call = EngineCall.Post(Path(id, "/restart")).With(query).AboutContainer() with { Unbounded = true };
        return client.SendAsync(call, cancellationToken);
    }

    public Task KillContainerAsync(string id, ContainerKillParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return PostAsync(id, "/kill", new Query().Add("signal", parameters.Signal), cancellationToken);
    }

    public Task RenameContainerAsync(string id, ContainerRenameParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return PostAsync(id, "/rename", new Query().Add("name", parameters.NewName), cancellationToken);
    }

    public Task PauseContainerAsync(string id, CancellationToken cancellationToken) =>
        PostAsync(id, "/pause", new Query(), cancellationToken);

    public Task UnpauseContainerAsync(string id, CancellationToken cancellationToken) =>
        PostAsync(id, "/unpause", new Query(), cancellationToken);

    public Task<ContainerWaitResponse> WaitContainerAsync(string id, CancellationToken cancellationToken) =>
        client.SendAsync(
            EngineCall.Post(Path(id, "/wait")).AboutContainer() with { Unbounded = true },
            EngineJson.Default.ContainerWaitResponse,
            cancellationToken);

    public Task RemoveContainerAsync(string id, ContainerRemoveParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query()
            .Add("v", parameters.RemoveVolumes)
            .Add("link", parameters.RemoveLinks)
            .Add("force", parameters.Force);
        return client.SendAsync(EngineCall.Delete(Path(id, "")).With(query).AboutContainer(), cancellationToken);
    }

    public Task ExtractArchiveToContainerAsync(
        string id, CopyToContainerParameters parameters, Stream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var call = new EngineCall(HttpMethod.Put, Path(id, "/archive"))
        {
            Query = new Query()
                .Add("path", parameters.Path)
                .Add("noOverwriteDirNonDir", parameters.AllowOverwriteDirWithFile)
                .Add("copyUIDGID", parameters.CopyUIDGID),
            Body = new StreamContent(stream) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-tar") } },
        };
        return client.SendAsync(call.AboutContainer(), cancellationToken);
    }

    private Task<HttpStatusCode> PostAsync(string id, string verb, Query query, CancellationToken cancellationToken) =>
        client.SendAsync(EngineCall.Post(Path(id, verb)).With(query).AboutContainer(), cancellationToken);

    private static string Path(string id, string rest)
    {
        Require.Text(id);
        return $"containers/{id}{rest}";
    }
}
