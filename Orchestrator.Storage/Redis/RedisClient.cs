using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>Configures the client of Redis or Valkey; the rest is up to the connection string.</summary>
public static class RedisClient
{
    /// <summary>Sets the options that the stores need.</summary>
    public static void Configure(ConfigurationOptions client, RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        var timeout = (int)TimeSpan.FromSeconds(options.CallTimeoutSeconds).TotalMilliseconds;

        // The server may not be up when this process starts. Only the first attempt blocks a thread; then the client keeps
        // connecting in the background.
        client.AbortOnConnectFail = false;
        client.ConnectRetry = 1;
        client.ConnectTimeout = Math.Min(client.ConnectTimeout, timeout);
        client.SyncTimeout = client.AsyncTimeout = timeout;
        client.ClientName ??= "orchestrator";

        // The client's own threads, its default, cost two more hops between threads per call, and twice the time. They are for
        // applications that block the pool's threads, which nothing here does.
        client.SocketManager = SocketManager.ThreadPool;
    }
}
