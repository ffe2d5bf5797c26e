using System.Collections.Concurrent;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>
/// The clients of guests, one for each runner that was called, with its pooled connections. Dropped when the runner is removed
/// here, or after a while without calls: another instance may have removed it.
/// </summary>
internal sealed class GuestClients(IRunnerEngine engine, TimeProvider time) : IGuests, IDisposable
{
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Entry> _clients = new(StringComparer.Ordinal);
    private long _swept = time.GetTimestamp();

    public async ValueTask<IGuest?> FindAsync(Runner runner, CancellationToken cancellationToken)
    {
        if (runner is not { Placement: { } placement, Token: { } token })
        {
            return null;
        }

        if (!_clients.TryGetValue(runner.Id, out var entry) || entry.Placement != placement || entry.Token != token)
        {
            if (await engine.FindGuestAsync(placement, cancellationToken) is not { } connector)
            {
                return null;
            }

            Sweep();
            var made = new Entry(placement, token, new GuestClient(new GuestCalls(connector, engine, runner, token, time)));
            entry = _clients.AddOrUpdate(runner.Id, made, (_, known) => known.Placement == placement && known.Token == token ? known : made);
            if (entry != made)
            {
                made.Client.Dispose();
            }
        }

        entry.UsedAt = time.GetTimestamp();
        return entry.Client;
    }

    // Calls under way keep their connections to their end.
    public void Forget(string runnerId)
    {
        if (_clients.TryRemove(runnerId, out var entry))
        {
            entry.Client.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var runnerId in _clients.Keys)
        {
            Forget(runnerId);
        }
    }

    private void Sweep()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _swept)) < BetweenSweeps)
        {
            return;
        }

        Volatile.Write(ref _swept, time.GetTimestamp());
        foreach (var (runnerId, entry) in _clients)
        {
            if (time.GetElapsedTime(entry.UsedAt) > Unused)
            {
                Forget(runnerId);
            }
        }
    }

    private sealed class Entry(RunnerPlacement placement, string token, GuestClient client)
    {
        private long _usedAt;

        public RunnerPlacement Placement => placement;

        public string Token => token;

        public GuestClient Client => client;

        public long UsedAt
        {
            get => Volatile.Read(ref _usedAt);
            set => Volatile.Write(ref _usedAt, value);
        }
    }
}
