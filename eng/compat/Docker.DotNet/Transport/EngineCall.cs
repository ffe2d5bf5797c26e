using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Docker.DotNet.Transport;

/// <summary>One call of the engine's API, and what its 404 means.</summary>
internal sealed record EngineCall(HttpMethod Method, string Path)
{
    public Query? Query { get; init; }

    public HttpContent? Body { get; init; }

    public IDictionary<string, string>? Headers { get; init; }

    /// <summary>Makes the exception for 404; the general one when null.</summary>
    public Func<HttpStatusCode, string?, DockerApiException>? NotFound { get; init; }

    /// <summary>Waits as long as the caller does, whatever the client's timeout.</summary>
    public bool Unbounded { get; init; }

    public static EngineCall Get(string path) => new(HttpMethod.Get, path);

    public static EngineCall Post(string path) => new(HttpMethod.Post, path);

    public static EngineCall Delete(string path) => new(HttpMethod.Delete, path);

    public EngineCall AboutContainer() => this with { NotFound = (s, b) => new DockerContainerNotFoundException(s, b) };

    public EngineCall AboutImage() => this with { NotFound = (s, b) => new DockerImageNotFoundException(s, b) };

    public EngineCall AboutNetwork() => this with { NotFound = (s, b) => new DockerNetworkNotFoundException(s, b) };

    /// <summary>The length is known beforehand, so nothing goes out in chunks.</summary>
    public EngineCall With<T>(T body, JsonTypeInfo<T> type) => this with
    {
        Body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        },
    };

    public EngineCall With(Query query) => this with { Query = query };

    /// <exception cref="DockerApiException">The answer is an error.</exception>
    public async Task ThrowIfErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = response.StatusCode;
        if (status == HttpStatusCode.SwitchingProtocols || (status >= HttpStatusCode.OK && status < HttpStatusCode.BadRequest))
        {
            return;
        }

        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        throw status == HttpStatusCode.NotFound && NotFound is not null
            ? NotFound(status, body)
            : new DockerApiException(status, body);
    }
}
