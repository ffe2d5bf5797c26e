using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>How the client of Redis or Valkey is set up; the rest is as the connection string says.</summary>
public static class RedisClient
{
    /// <summary>Sets a client's options up for the stores.</summary>
    public static void Configure(ConfigurationOptions client, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        var timeout = (int)TimeSpan.FromSeconds(options.CallTimeoutSeconds).TotalMilliseconds;

        // It may not be there yet when this process starts. Then the first attempt, which blocks a thread, is one, and the
        // client goes on trying beside.
        client.AbortOnConnectFail = false;
        client.ConnectRetry = 1;
        client.ConnectTimeout = Math.Min(client.ConnectTimeout, timeout);
        client.SyncTimeout = client.AsyncTimeout = timeout;
        client.ClientName ??= "orchestrator";

        // Threads of the client's own, its default, are two more hops between threads for every call, and twice its time.
        // They are for applications that block the pool's threads, which nothing here does.
        client.SocketManager = SocketManager.ThreadPool;
    }
}
