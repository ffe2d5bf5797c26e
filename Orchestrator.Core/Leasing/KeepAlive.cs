using Orchestrator.Core.Stores;

namespace Orchestrator.Core.Leasing;

/// <summary>Sends heartbeats for a lease while something runs under it, and one at its end.</summary>
internal sealed class KeepAlive : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _touching;

    private KeepAlive(IRunnerStore store, Runner runner, TimeSpan leaseTime, TimeProvider time) =>
        _touching = TouchAsync(store, runner, leaseTime, time, _stop.Token);

    /// <summary>Starts; a lease without expiry needs nothing.</summary>
    public static IAsyncDisposable While(IRunnerStore store, Runner runner, TimeSpan? leaseTime, TimeProvider time) =>
        leaseTime is { } limited ? new KeepAlive(store, runner, limited, time) : Nothing.Instance;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _touching;
        _stop.Dispose();
    }

    private static async Task TouchAsync(IRunnerStore store, Runner runner, TimeSpan leaseTime, TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(leaseTime / 3, time);
        var running = true;
        while (running)
        {
            try
            {
                running = await timer.WaitForNextTickAsync(stop);
            }
            catch (OperationCanceledException)
            {
                running = false;
            }

            try
            {
                var touched = await store.TouchAsync(runner.Template, runner.Owner!.Value, leaseTime, CancellationToken.None);
                running &= touched?.Id == runner.Id;
            }
            catch (StoreUnavailableException)
            {
                // Nothing is reaped while the store is unreachable; the next heartbeat may get through.
            }
        }
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public static readonly Nothing Instance = new();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
