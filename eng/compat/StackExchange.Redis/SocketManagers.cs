namespace StackExchange.Redis;

/// <summary>What version 2 has on <see cref="SocketManager"/>, for version 1.2.6.</summary>
internal static class SocketManagers
{
    extension(SocketManager)
    {
        /// <summary>None: a connection takes the one manager there is, which completes calls on the thread pool already.</summary>
        public static SocketManager? ThreadPool => null;
    }
}
