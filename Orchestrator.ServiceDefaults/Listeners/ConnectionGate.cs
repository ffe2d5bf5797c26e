using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>
/// Bounds the connections of all listeners together (docs/contract/security.md 6). Kestrel's own limit counts each
/// address of each listener separately and only after accepting, and has neither a share per caller nor a
/// deadline for the first request.
/// </summary>
internal sealed partial class ConnectionGate(ConnectionLimits limits, TimeProvider time, ILogger<ConnectionGate> logger) : IDisposable
{
    /// <summary>How long a new connection may take until its first request's headers are complete.</summary>
    public static readonly TimeSpan FirstRequestTimeout = TimeSpan.FromSeconds(15);

    // One line for a burst of refusals.
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _places = new(limits.Total);
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private long _refused;
    private long? _loggedAt;

    /// <summary>Waits for a free place for a connection; <see cref="RunAsync"/> or <see cref="Leave"/> frees it again.</summary>
    public ValueTask EnterAsync(CancellationToken cancellationToken) =>
        _places.Wait(0, CancellationToken.None) ? ValueTask.CompletedTask : WaitAsync(cancellationToken);

    /// <summary>Frees the place of a connection that is not run.</summary>
    public void Leave() => _places.Release();

    /// <summary>Runs a connection that has a place, or aborts it when its address already has its share; then frees the place.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        try
        {
            if (!TryTakeShare(address))
            {
                connection.Abort();
                return;
            }

            try
            {
                using var deadline = new FirstRequestDeadline(connection, time);
                connection.Features.Set(deadline);
                await next(connection);
            }
            finally
            {
                GiveShareBack(address);
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (IsTimeToLog(out _))
        {
            LogFull(limits.Total);
        }

        await _places.WaitAsync(cancellationToken);
    }

    private bool TryTakeShare(IPAddress address)
    {
        lock (_lock)
        {
            var own = _perAddress.GetValueOrDefault(address);
            if (own < limits.PerAddress)
            {
                _perAddress[address] = own + 1;
                return true;
            }

            _refused++;
        }

        if (IsTimeToLog(out var refused))
        {
            LogRefused(address, limits.PerAddress, refused);
        }

        return false;
    }

    private void GiveShareBack(IPAddress address)
    {
        lock (_lock)
        {
            if (--_perAddress[address] is 0)
            {
                _perAddress.Remove(address);
            }
        }
    }

    private bool IsTimeToLog(out long refused)
    {
        lock (_lock)
        {
            refused = _refused;
            if (_loggedAt is { } at && time.GetElapsedTime(at) < LogInterval)
            {
                return false;
            }

            _loggedAt = time.GetTimestamp();
            return true;
        }
    }

    [LoggerMessage(1720, LogLevel.Warning, "Connection refused: {Address} has {PerAddress} open, its share of Security:MaxConnections; {Refused} refused so far")]
    private partial void LogRefused(IPAddress address, int perAddress, long refused);

    [LoggerMessage(1721, LogLevel.Warning, "New connections wait: {Total} are open, the limit Security:MaxConnections")]
    private partial void LogFull(int total);
}

/// <summary>Aborts a connection whose first request does not arrive in time.</summary>
internal sealed class FirstRequestDeadline : IDisposable
{
    private readonly ITimer _timer;

    public FirstRequestDeadline(ConnectionContext connection, TimeProvider time) => _timer = time.CreateTimer(
        static state => ((ConnectionContext)state!).Abort(new ConnectionAbortedException("No request arrived in time.")),
        connection, ConnectionGate.FirstRequestTimeout, Timeout.InfiniteTimeSpan);

    /// <summary>Records the connection's first request. Idempotent.</summary>
    public void Met() => _timer.Dispose();

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
