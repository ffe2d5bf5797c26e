using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Docker.DotNet.Handler.Abstractions;
using Docker.DotNet.Operations;
using Docker.DotNet.Transport;

namespace Docker.DotNet;

/// <summary>
/// A client of the engine's HTTP API. Connection failures are <see cref="HttpRequestException"/>, error answers
/// <see cref="DockerApiException"/>; a call that outlives the client's timeout ends like a cancelled one, with
/// <see cref="OperationCanceledException"/> while the caller's own token is not cancelled.
/// </summary>
public sealed class DockerClient : IDockerClient
{
    private readonly EngineTransport _transport;
    private readonly Uri _root;

    internal DockerClient(ResolvedClientOptions options, EngineTransport transport)
    {
        _transport = transport;
        _root = options.ApiVersion is null ? transport.BaseAddress : new Uri(transport.BaseAddress, $"v{options.ApiVersion}/");
        Options = options;
        System = new SystemOperations(this);
        Containers = new ContainerOperations(this);
        Images = new ImageOperations(this);
        Networks = new NetworkOperations(this);
        Exec = new ExecOperations(this);
    }

    public ResolvedClientOptions Options { get; }

    public ISystemOperations System { get; }

    public IContainerOperations Containers { get; }

    public IImageOperations Images { get; }

    public INetworkOperations Networks { get; }

    public IExecOperations Exec { get; }

    public void Dispose() => _transport.Dispose();

    /// <summary>A call whose answer's body does not matter.</summary>
    internal async Task<HttpStatusCode> SendAsync(EngineCall call, CancellationToken cancellationToken)
    {
        using var limit = Limit(call, cancellationToken);
        using var response = await SendCoreAsync(call, limit.Token);
        return response.StatusCode;
    }

    /// <summary>A call answered in JSON, which is decoded while it arrives.</summary>
    internal async Task<T> SendAsync<T>(EngineCall call, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var limit = Limit(call, cancellationToken);
        using var response = await SendCoreAsync(call, limit.Token);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            return (await JsonSerializer.DeserializeAsync(body, type, limit.Token))!;
        }
        catch (HttpIOException e) when (e.HttpRequestError == HttpRequestError.ResponseEnded && response.Content.Headers.ContentLength > 0)
        {
            throw new JsonException("The engine's answer broke off.", e); // upstream finds out by decoding what came
        }
        catch (IOException e)
        {
            throw new HttpRequestException("The engine's answer broke off.", e);
        }
    }

    /// <summary>A call answered by a stream, without limit of time; the stream owns the answer.</summary>
    internal async Task<Stream> OpenStreamAsync(EngineCall call, CancellationToken cancellationToken)
    {
        var response = await SendCoreAsync(call, cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    /// <summary>A call answered by JSON values, one after another, each handed over as soon as it is there.</summary>
    internal async Task ReportAsync<T>(
        EngineCall call, JsonTypeInfo<T> type, IProgress<T> progress, CancellationToken cancellationToken)
    {
        await using var stream = await OpenStreamAsync(call, cancellationToken);
        await foreach (var value in JsonSerializer.DeserializeAsyncEnumerable(stream, type, topLevelValues: true, cancellationToken))
        {
            progress.Report(value!);
        }
    }

    /// <summary>A call that turns its connection into a duplex stream.</summary>
    /// <exception cref="InvalidOperationException">The engine did not hand the connection over.</exception>
    internal async Task<Stream> HijackAsync(EngineCall call, CancellationToken cancellationToken)
    {
        using var request = CreateRequest(call);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new("tcp"));
        var (response, connection) = await _transport.SendAloneAsync(request, cancellationToken);
        try
        {
            await call.ThrowIfErrorAsync(response, cancellationToken);
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
            {
                throw new InvalidOperationException("The engine did not hand the connection over.");
            }

            return new HijackedStream(response, await response.Content.ReadAsStreamAsync(cancellationToken), connection);
        }
        catch
        {
            response.Dispose();
            connection.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendCoreAsync(EngineCall call, CancellationToken cancellationToken)
    {
        using var request = CreateRequest(call);
        var response = await _transport.SendAsync(request, cancellationToken);
        try
        {
            await call.ThrowIfErrorAsync(response, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private HttpRequestMessage CreateRequest(EngineCall call)
    {
        var path = call.Path.Replace("?", "%3F", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal);
        var request = new HttpRequestMessage(call.Method, new Uri(_root, path + call.Query)) { Content = call.Body };
        foreach (var (name, value) in Options.Headers.Concat(call.Headers ?? new Dictionary<string, string>()))
        {
            request.Headers.Add(name, value);
        }

        return request;
    }

    private CancellationTokenSource Limit(EngineCall call, CancellationToken cancellationToken)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (!call.Unbounded && Options.Timeout != Timeout.InfiniteTimeSpan)
        {
            source.CancelAfter(Options.Timeout);
        }

        return source;
    }
}
