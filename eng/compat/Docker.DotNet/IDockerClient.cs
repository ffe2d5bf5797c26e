using Docker.DotNet.Handler.Abstractions;

namespace Docker.DotNet;

/// <summary>The engine's API, noun by noun. Safe to use from several threads.</summary>
public interface IDockerClient : IDisposable
{
    ResolvedClientOptions Options { get; }

    ISystemOperations System { get; }

    IContainerOperations Containers { get; }

    IImageOperations Images { get; }

    INetworkOperations Networks { get; }

    IExecOperations Exec { get; }
}
