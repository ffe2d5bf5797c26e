using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Orchestrator.Guest.Supervision;

/// <summary>Tells who is at the other end of a local socket.</summary>
internal static class PeerUser
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

    /// <summary>The user id of the process that connected or, seen from there, that listens; the kernel's word.</summary>
    public static uint IdOf(Socket socket) => CredentialsOf(socket).User;

    /// <summary>Whether another process of this user is at the other end. gVisor's kernel gives the caller its own credentials in
    /// place of the peer's: there it is not known, and false.</summary>
    public static bool IsOwn(Socket socket)
    {
        var (process, user) = CredentialsOf(socket);
        return user == Posix.geteuid() && process != Posix.getpid();
    }

    private static (int Process, uint User) CredentialsOf(Socket socket)
    {
        // struct ucred: process, user and group, 32 bits each.
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return (MemoryMarshal.Read<int>(credentials), MemoryMarshal.Read<uint>(credentials[4..]));
    }
}
