namespace Docker.DotNet.Handler.Abstractions;

/// <summary>How a client proves who it is.</summary>
public interface IAuthProvider
{
    bool TlsEnabled { get; }

    HttpMessageHandler ConfigureHandler(HttpMessageHandler handler);
}

/// <summary>No proof at all.</summary>
public sealed class NoopAuthProvider : IAuthProvider
{
    private NoopAuthProvider()
    {
    }

    public static IAuthProvider Instance { get; } = new NoopAuthProvider();

    public bool TlsEnabled => false;

    public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler) => handler;
}
