using Docker.DotNet.Handler.Abstractions;
using Docker.DotNet.Transport;

namespace Docker.DotNet;

/// <summary>Builds a client; without an endpoint it finds the engine as the command line client does.</summary>
public class DockerClientBuilder(DockerConfig dockerConfig)
{
    private ResolvedClientOptions _options = new();
    private readonly DockerConfig _config = dockerConfig;

    public DockerClientBuilder()
        : this(DockerConfig.Instance)
    {
    }

    /// <summary>The version put in front of every path; without one the engine takes its newest.</summary>
    public DockerClientBuilder WithApiVersion(Version? version) => With(_options with { ApiVersion = version });

    /// <param name="endpoint"><c>unix</c>, <c>tcp</c>, <c>http</c> or <c>https</c>.</param>
    public DockerClientBuilder WithEndpoint(Uri endpoint) => With(_options with { Endpoint = endpoint });

    public DockerClientBuilder WithContext(string contextName) => WithEndpoint(_config.GetEndpoint(contextName));

    public DockerClientBuilder WithAuthProvider(IAuthProvider? authProvider) =>
        With(_options with { AuthProvider = authProvider ?? NoopAuthProvider.Instance });

    public DockerClientBuilder WithHeader(string name, string value) =>
        WithHeaders(new Dictionary<string, string> { [name] = value });

    public DockerClientBuilder WithHeaders(IReadOnlyDictionary<string, string> headers)
    {
        var all = new Dictionary<string, string>(_options.Headers);
        foreach (var (name, value) in headers)
        {
            all[name] = value;
        }

        return With(_options with { Headers = all });
    }

    /// <summary>Limits ordinary calls, from connecting to the last byte; streams and waits have no limit.</summary>
    public DockerClientBuilder WithTimeout(TimeSpan timeout) => With(_options with { Timeout = timeout });

    /// <exception cref="NotSupportedException">Nothing here speaks the endpoint's scheme.</exception>
    public virtual DockerClient Build()
    {
        var options = _options.Endpoint is null ? _options with { Endpoint = _config.GetEndpoint() } : _options;
        return new DockerClient(options, new EngineTransport(options));
    }

    private DockerClientBuilder With(ResolvedClientOptions options)
    {
        _options = options;
        return this;
    }
}
