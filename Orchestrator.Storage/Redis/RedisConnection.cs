using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Redis.Layout;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>
/// The stores' access to Redis or Valkey over the process's one client, which reconnects automatically. Calls have a time
/// limit and one exception for every failure that is not theirs; while the server is away they fail at once or after
/// <see cref="RedisOptions.CallTimeoutSeconds"/>.
/// </summary>
public sealed partial class RedisConnection : IAsyncDisposable
{
    private readonly Func<IConnectionMultiplexer> _connect;
    private readonly TimeSpan _timeout;
    private readonly ILogger<RedisConnection> _logger;
    private readonly RedisLayout _layout;
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];
    private Task<IConnectionMultiplexer>? _client;
    private bool _disposed;

    /// <param name="connect">Gives the client; called when it is first needed, since it blocks until the first attempt ends.</param>
    /// <param name="options">Prefix and time-out.</param>
    /// <param name="logger">Reports lost and restored connections.</param>
    public RedisConnection(Func<IConnectionMultiplexer> connect, RedisOptions options, ILogger<RedisConnection> logger)
    {
        _connect = connect;
        _timeout = TimeSpan.FromSeconds(options.CallTimeoutSeconds);
        _logger = logger;
        KeyPrefix = options.KeyPrefix;
        _layout = new RedisLayout(options.KeyPrefix, logger);
    }

    /// <summary>Where every key begins.</summary>
    public string KeyPrefix { get; }

    /// <summary>The server was reached, for the first time or again.</summary>
    internal event Action? Connected;

    /// <summary>Runs a script, by its hash where the server knows it, in full where it does not.</summary>
    internal async Task<RedisResult> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        await EnsureLayoutAsync();
        return await RunAsync(script, keys, arguments);
    }

    /// <summary>Makes a call, within the time limit.</summary>
    /// <exception cref="StoreUnavailableException">Redis is unreachable or did not answer in time.</exception>
    /// <exception cref="RedisServerException">Redis refused because of a defect of ours.</exception>
    internal async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call)
    {
        await EnsureLayoutAsync();
        return await SendAsync(call);
    }

    /// <summary>Waits for the end of the first attempt to connect; returns whether there is a connection.</summary>
    public async Task<bool> IsConnectedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ConnectAsync().WaitAsync(_timeout, cancellationToken)).IsConnected;
        }
        catch (Exception e) when (e is RedisConnectionException or TimeoutException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Pings Redis.</summary>
    /// <exception cref="StoreUnavailableException">It did not answer.</exception>
    public Task PingAsync(CancellationToken cancellationToken) =>
        CallAsync(database => database.PingAsync()).WaitAsync(cancellationToken);

    /// <summary>Shows that Redis takes a write, to a key that expires by itself.</summary>
    /// <exception cref="StoreUnavailableException">It does not.</exception>
    public Task TestWriteAsync(CancellationToken cancellationToken) => CallAsync(database =>
        database.StringSetAsync($"{{{KeyPrefix}}}:write_test", "", TimeSpan.FromMinutes(1))).WaitAsync(cancellationToken);

    /// <summary>Writes a text under a name of its own, reads it back and returns the result: shows that both work.</summary>
    /// <exception cref="StoreUnavailableException">They don't.</exception>
    public async Task<string?> WriteAndReadAsync(string name, string text, CancellationToken cancellationToken)
    {
        RedisKey key = $"{{{KeyPrefix}}}:{name}";
        await CallAsync(database => database.StringSetAsync(key, text, TimeSpan.FromHours(1))).WaitAsync(cancellationToken);
        return await CallAsync(database => database.StringGetAsync(key)).WaitAsync(cancellationToken);
    }

    /// <summary>Calls back for every message of a channel, and once after each reconnect, when some may have been lost.</summary>
    internal IDisposable Subscribe(string channel, Action received)
    {
        var subscription = new Subscription(this, channel, received);
        lock (_gate)
        {
            _subscriptions.Add(subscription);
        }

        _ = Quietly(AttachAsync(subscription));
        return subscription;
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<IConnectionMultiplexer>? client;
        lock (_gate)
        {
            _disposed = true;
            client = _client;
        }

        if (client is not null)
        {
            await Quietly(CloseAsync(client));
        }

        // Calls in flight are not waited for: a server that hangs must not delay the end of the process.
        static async Task CloseAsync(Task<IConnectionMultiplexer> client) => await (await client).CloseAsync(allowCommandsToComplete: false);
    }

    private ValueTask EnsureLayoutAsync() => _layout.IsKnown ? default : new(_layout.EnsureAsync((script, keys) => RunAsync(script, keys, [])));

    private async Task<RedisResult> RunAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await SendAsync(database => database.ScriptEvaluateAsync(script.Hash, keys, arguments));
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Once run in full, it is in the server's cache.
            return await SendAsync(database => database.ScriptEvaluateAsync(script.Text, keys, arguments, CommandFlags.NoScriptCache));
        }
    }

    private async Task<T> SendAsync<T>(Func<IDatabase, Task<T>> call)
    {
        try
        {
            var client = await ConnectAsync().WaitAsync(_timeout);
            return await call(client.GetDatabase()).WaitAsync(_timeout);
        }
        catch (RedisServerException e) when (e.IsRefusal())
        {
            throw new StoreUnavailableException($"Redis refuses: {e.Message}", e);
        }
        catch (Exception e) when (e is RedisConnectionException or ObjectDisposedException)
        {
            throw new StoreUnavailableException("Redis can't be reached.", e);
        }
        catch (RedisCommandException e)
        {
            throw new StoreUnavailableException($"Redis can't be used: {e.Message}", e);
        }
        catch (TimeoutException e)
        {
            throw new StoreUnavailableException($"Redis did not answer within {_timeout.TotalSeconds} s.", e);
        }
    }

    private Task<IConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _client is { IsFaulted: false } ? _client : _client = Task.Run(Connect);
        }
    }

    private IConnectionMultiplexer Connect()
    {
        var client = _connect();
        client.ConnectionFailed += (_, e) => LogConnectionFailed(e.EndPoint, e.FailureType.ToString(), e.ConnectionType.ToString());
        client.ConnectionRestored += (_, e) =>
        {
            LogConnectionRestored(e.EndPoint, e.ConnectionType.ToString());
            WakeAll();
            if (e.ConnectionType == ConnectionType.Interactive)
            {
                Connected?.Invoke();
            }
        };
        if (client.IsConnected)
        {
            Connected?.Invoke();
        }

        return client;
    }

    private async Task AttachAsync(Subscription subscription)
    {
        var client = await ConnectAsync();

        // The client resubscribes automatically after a reconnect.
        var subscribed = client.GetSubscriber().SubscribeAsync(
            new RedisChannel(subscription.Channel, RedisChannel.PatternMode.Literal), (_, _) => subscription.Received());
        subscription.Received();
        await subscribed;
    }

    private void WakeAll()
    {
        Subscription[] subscriptions;
        lock (_gate)
        {
            subscriptions = [.. _subscriptions];
        }

        foreach (var subscription in subscriptions)
        {
            subscription.Received();
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            _subscriptions.Remove(subscription);
        }
    }

    private async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e)
        {
            LogBackgroundFailed(e.Message);
        }
    }

    private sealed class Subscription(RedisConnection owner, string channel, Action received) : IDisposable
    {
        private volatile bool _ended;

        public string Channel => channel;

        public void Received()
        {
            if (!_ended)
            {
                received();
            }
        }

        // The channel itself stays subscribed: it is one for the whole process.
        public void Dispose()
        {
            _ended = true;
            owner.Remove(this);
        }
    }

    [LoggerMessage(1120, LogLevel.Warning, "Lost the {connection} connection to Redis at {endPoint}: {reason}")]
    private partial void LogConnectionFailed(System.Net.EndPoint? endPoint, string reason, string connection);

    [LoggerMessage(1121, LogLevel.Information, "Restored the {connection} connection to Redis at {endPoint}")]
    private partial void LogConnectionRestored(System.Net.EndPoint? endPoint, string connection);

    [LoggerMessage(1123, LogLevel.Debug, "Redis: {error}")]
    private partial void LogBackgroundFailed(string error);
}
