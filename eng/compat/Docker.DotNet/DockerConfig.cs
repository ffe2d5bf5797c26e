using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Docker.DotNet.Json;

namespace Docker.DotNet;

/// <summary>
/// Where the engine is, by the rules of the command line client: <c>DOCKER_HOST</c>, else the context named by
/// <c>DOCKER_CONTEXT</c> or by <c>currentContext</c> in its configuration file, else the platform's socket.
/// </summary>
public sealed class DockerConfig
{
    private readonly string _folder = Variable("DOCKER_CONFIG")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    public static DockerConfig Instance { get; } = new();

    public bool Exists => File.Exists(FullName);

    public string FullName => Path.Combine(_folder, "config.json");

    public JsonDocument Parse()
    {
        using var file = File.OpenRead(FullName);
        return JsonDocument.Parse(file);
    }

    /// <exception cref="DockerConfigurationException">The host or the context cannot be understood.</exception>
    public Uri GetEndpoint()
    {
        if (Variable("DOCKER_HOST") is { } host)
        {
            return Uri.TryCreate(host, UriKind.Absolute, out var endpoint)
                ? endpoint
                : throw new DockerConfigurationException($"The Docker host '{host}' is invalid.");
        }

        var context = Variable("DOCKER_CONTEXT") ?? CurrentContext();
        return string.IsNullOrEmpty(context) ? PlatformDefault() : GetEndpoint(context);
    }

    /// <exception cref="DockerConfigurationException">There is no such context, or it names no host.</exception>
    public Uri GetEndpoint(string contextName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(contextName);
        if (contextName == "default")
        {
            return PlatformDefault();
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(contextName)));
        var path = Path.Combine(_folder, "contexts", "meta", hash, "meta.json");
        try
        {
            using var file = File.OpenRead(path);
            var host = JsonSerializer.Deserialize(file, EngineJson.Default.ContextFile)?.Endpoints?.GetValueOrDefault("docker")?.Host;
            return new Uri(host ?? throw new InvalidDataException("It names no host."));
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw new DockerConfigurationException($"The Docker context '{contextName}' does not exist.", e);
        }
        catch (Exception e)
        {
            throw new DockerConfigurationException($"The Docker context '{contextName}' could not be read from '{path}'.", e);
        }
    }

    private string? CurrentContext()
    {
        if (!Exists)
        {
            return null;
        }

        using var config = Parse();
        return config.RootElement.TryGetProperty("currentContext", out var context) && context.ValueKind == JsonValueKind.String
            ? context.GetString()
            : null;
    }

    private static Uri PlatformDefault() => OperatingSystem.IsWindows()
        ? new Uri("npipe://./pipe/docker_engine")
        : new Uri("unix:///var/run/docker.sock");

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The part of a context's file that says where the engine is.</summary>
    internal sealed record ContextFile(Dictionary<string, ContextEndpoint>? Endpoints);

    internal sealed record ContextEndpoint(string? Host);
}
