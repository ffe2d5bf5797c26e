using Microsoft.Extensions.Logging;
using Orchestrator.Core.Stores;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>
/// The connection to Redis or Valkey that every store of this process shares. It connects by itself, again and again;
/// while it can't, calls fail at once or after <see cref="RedisOptions.CallTimeoutSeconds"/> with
/// <see cref="StoreUnavailableException"/>.
/// </summary>
/// <remarks>
/// Calls are never cancelled inside the client, which can't do that. Asynchronous ones have no time-out of their own in
/// version 1 of the client, so they get one here. A connection on which nothing was answered for long, although the
/// client believes it open, is replaced by a new one.
/// </remarks>
public sealed partial class RedisConnection : IAsyncDisposable
{
    private const int TimeoutsBeforeReplacing = 3;

    private readonly ConfigurationOptions _configuration;
    private readonly TimeSpan _timeout;
    private readonly ILogger<RedisConnection> _logger;
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];
    private volatile ConnectionMultiplexer? _multiplexer;
    private int _timeouts;
    private bool _disposed;

    /// <param name="connectionString">As in <c>ConnectionStrings:redis</c>: <c>host:port,password=…,ssl=…</c>.</param>
    /// <param name="options">Prefix and time-out.</param>
    /// <param name="logger">Tells of lost and restored connections.</param>
    /// <exception cref="ArgumentException">The connection string makes no sense.</exception>
    public RedisConnection(string connectionString, RedisOptions options, ILogger<RedisConnection> logger)
    {
        _configuration = ConfigurationOptions.Parse(connectionString);
        if (_configuration.EndPoints.Count == 0)
        {
            throw new ArgumentException("The connection string names no host.", nameof(connectionString));
        }

        _timeout = TimeSpan.FromSeconds(options.CallTimeoutSeconds);
        _logger = logger;

        // It may not be there yet when this process starts.
        _configuration.AbortOnConnectFail = false;
        _configuration.ConnectTimeout = Math.Min(_configuration.ConnectTimeout, (int)_timeout.TotalMilliseconds);
        _configuration.SyncTimeout = (int)_timeout.TotalMilliseconds;
        _configuration.ClientName ??= "orchestrator";

        // Threads of the client's own, its default in version 2, are two more hops between threads for every call, and
        // twice its time. They are for applications that block the pool's threads, which nothing here does.
        _configuration.SocketManager = SocketManager.ThreadPool;
        KeyPrefix = options.KeyPrefix;
    }

    /// <summary>Where every key begins.</summary>
    public string KeyPrefix { get; }

    /// <summary>Runs a script, by its hash where the server knows it, in full where it does not.</summary>
    internal async Task<RedisResult> EvaluateAsync(RedisScript script, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await CallAsync(database => database.ScriptEvaluateAsync(script.Hash, keys, arguments));
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Run in full it is in the server's cache from then on.
            return await CallAsync(database => database.ScriptEvaluateAsync(script.Text, keys, arguments, CommandFlags.NoScriptCache));
        }
    }

    /// <summary>Makes a call, within the time that calls have.</summary>
    /// <exception cref="StoreUnavailableException">Redis can't be reached or did not answer in time.</exception>
    /// <exception cref="RedisServerException">Redis refused for a reason that is ours.</exception>
    internal async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call)
    {
        var multiplexer = _multiplexer ?? await ConnectAsync();
        try
        {
            var answer = await call(multiplexer.GetDatabase()).WaitAsync(_timeout);
            Volatile.Write(ref _timeouts, 0);
            return answer;
        }
        catch (RedisServerException e) when (IsUnready(e))
        {
            throw new StoreUnavailableException($"Redis is not ready: {e.Message}", e);
        }
        catch (Exception e) when (e is RedisConnectionException or ObjectDisposedException)
        {
            throw new StoreUnavailableException("Redis can't be reached.", e);
        }
        catch (TimeoutException e)
        {
            if (Interlocked.Increment(ref _timeouts) >= TimeoutsBeforeReplacing)
            {
                Replace(multiplexer);
            }

            throw new StoreUnavailableException($"Redis did not answer within {_timeout.TotalSeconds} s.", e);
        }
    }

    /// <summary>Asks Redis for a sign of life.</summary>
    /// <exception cref="StoreUnavailableException">There was none.</exception>
    public Task PingAsync(CancellationToken cancellationToken) =>
        CallAsync(database => database.PingAsync()).WaitAsync(cancellationToken);

    /// <summary>Writes a text under a name of its own, reads it again and gives what was read: shows that both work.</summary>
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

        if (_multiplexer is { } multiplexer)
        {
            Attach(multiplexer, subscription);
        }
        else
        {
            _ = Quietly(ConnectAsync());
        }

        return subscription;
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync();
        _disposed = true;
        _connecting.Release();
        if (_multiplexer is { } multiplexer)
        {
            _multiplexer = null;
            await multiplexer.CloseAsync(allowCommandsToComplete: false);
        }
    }

    private static bool IsUnready(RedisServerException e) =>
        e.Message.StartsWith("LOADING", StringComparison.Ordinal)
        || e.Message.StartsWith("MASTERDOWN", StringComparison.Ordinal)
        || e.Message.StartsWith("READONLY", StringComparison.Ordinal)
        || e.Message.StartsWith("MISCONF", StringComparison.Ordinal)
        || e.Message.StartsWith("OOM", StringComparison.Ordinal)
        || e.Message.StartsWith("CLUSTERDOWN", StringComparison.Ordinal);

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        await _connecting.WaitAsync();
        try
        {
            if (_multiplexer is { } there)
            {
                return there;
            }

            ObjectDisposedException.ThrowIf(_disposed, this);

            // Connecting blocks a thread in places, which the caller's must not be.
            var multiplexer = await Task.Run(() => ConnectionMultiplexer.ConnectAsync(_configuration));
            multiplexer.ConnectionFailed += (_, e) => LogConnectionFailed(e.EndPoint, e.FailureType.ToString(), e.ConnectionType.ToString());
            multiplexer.ConnectionRestored += (_, e) =>
            {
                LogConnectionRestored(e.EndPoint, e.ConnectionType.ToString());
                WakeAll();
            };
            Subscription[] subscriptions;
            lock (_gate)
            {
                _multiplexer = multiplexer;
                subscriptions = [.. _subscriptions];
            }

            foreach (var subscription in subscriptions)
            {
                Attach(multiplexer, subscription);
            }

            return multiplexer;
        }
        catch (Exception e) when (e is RedisConnectionException or TimeoutException)
        {
            throw new StoreUnavailableException("Redis can't be reached.", e);
        }
        finally
        {
            _connecting.Release();
        }
    }

    private void Attach(ConnectionMultiplexer multiplexer, Subscription subscription)
    {
        // The client subscribes anew by itself after a reconnect.
        _ = Quietly(multiplexer.GetSubscriber().SubscribeAsync(
            new RedisChannel(subscription.Channel, RedisChannel.PatternMode.Literal), (_, _) => subscription.Received()));
        subscription.Received();
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

    private void Replace(ConnectionMultiplexer stuck)
    {
        lock (_gate)
        {
            if (_multiplexer != stuck)
            {
                return;
            }

            _multiplexer = null;
            _timeouts = 0;
        }

        LogReplacing(_timeout.TotalSeconds);
        _ = Quietly(Task.Run(() => stuck.CloseAsync(allowCommandsToComplete: false)));
        _ = Quietly(ConnectAsync());
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

    [LoggerMessage(1121, LogLevel.Information, "The {connection} connection to Redis at {endPoint} is there again")]
    private partial void LogConnectionRestored(System.Net.EndPoint? endPoint, string connection);

    [LoggerMessage(1122, LogLevel.Warning, "Redis did not answer within {seconds} s several times in a row; connecting anew")]
    private partial void LogReplacing(double seconds);

    [LoggerMessage(1123, LogLevel.Debug, "Redis: {error}")]
    private partial void LogBackgroundFailed(string error);
}
