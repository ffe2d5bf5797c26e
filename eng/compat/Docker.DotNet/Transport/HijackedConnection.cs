using System.Net.Security;
using System.Net.Sockets;

namespace Docker.DotNet.Transport;

/// <summary>The one connection of a call that took its connection over.</summary>
internal sealed class HijackedConnection(HttpMessageInvoker owner, Stream transport) : IDisposable
{
    /// <summary>Tells the other side that nothing more comes, while it may go on sending.</summary>
    public void CloseWrite()
    {
        if (transport is SslStream encrypted)
        {
            encrypted.ShutdownAsync().GetAwaiter().GetResult();
        }
        else
        {
            ((NetworkStream)transport).Socket.Shutdown(SocketShutdown.Send);
        }
    }

    public void Dispose()
    {
        transport.Dispose();
        owner.Dispose();
    }
}
