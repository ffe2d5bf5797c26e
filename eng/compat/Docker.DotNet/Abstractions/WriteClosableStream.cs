namespace Docker.DotNet.Handler.Abstractions;

/// <summary>A duplex stream whose sending half can be closed while the other goes on.</summary>
public abstract class WriteClosableStream : Stream
{
    public abstract bool CanCloseWrite { get; }

    public abstract void CloseWrite();
}
