using System.Collections.Concurrent;
using System.Threading.Channels;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>Watches that are asked for their events now and then, by clients that hold no stream open.</summary>
/// <remarks>A watcher holds a bounded number of events; past that the kernel's own queue fills, and past that the watcher ends
/// with an error. One that nobody has asked for an hour ends too.</remarks>
/// <param name="agents">The way to the process that watches.</param>
/// <param name="time">The clock.</param>
internal sealed class Watchers(IAgentConnector agents, TimeProvider time)
{
    /// <summary>Watchers at once.</summary>
    public const int Limit = 32;

    /// <summary>Events that a watcher holds.</summary>
    public const int EventLimit = 4096;

    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Watcher> _watchers = new(StringComparer.Ordinal);

    /// <summary>Begins to watch.</summary>
    /// <returns>The watcher's id.</returns>
    /// <exception cref="FileException">There are too many, or the folder can't be watched.</exception>
    public async Task<string> CreateAsync(HttpRequest caller, WatchRequest request, CancellationToken cancellationToken)
    {
        await EndForgottenAsync();
        if (_watchers.Count >= Limit)
        {
            throw new FileException(FileFailure.ResourceExhausted, $"{Limit} watchers exist: remove one first");
        }

        var watcher = new Watcher(time);
        using (cancellationToken.Register(watcher.Stop))
        {
            await watcher.BeginAsync(agents, caller, request);
        }

        _watchers[watcher.Id] = watcher;
        return watcher.Id;
    }

    /// <summary>The events since the last call, in order.</summary>
    /// <exception cref="FileException">There is no such watcher, or it has ended, which is told once.</exception>
    public IReadOnlyList<FileEvent> TakeEvents(string id)
    {
        var watcher = Find(id);
        var events = watcher.Take();
        if (events.Count == 0 && watcher.Failure is { } failure)
        {
            _watchers.TryRemove(id, out _);
            throw failure;
        }

        return events;
    }

    /// <exception cref="FileException">There is no such watcher.</exception>
    public async Task RemoveAsync(string id)
    {
        var watcher = Find(id);
        _watchers.TryRemove(id, out _);
        await watcher.DisposeAsync();
    }

    private Watcher Find(string id) => _watchers.TryGetValue(id, out var watcher)
        ? watcher
        : throw new FileException(FileFailure.NotFound, $"watcher not found: {id}");

    private async Task EndForgottenAsync()
    {
        foreach (var (id, watcher) in _watchers)
        {
            if (watcher.Unasked > Forgotten && _watchers.TryRemove(id, out _))
            {
                await watcher.DisposeAsync();
            }
        }
    }

    private sealed class Watcher(TimeProvider time) : IAsyncDisposable
    {
        private readonly Channel<FileEvent> _events = Channel.CreateBounded<FileEvent>(EventLimit);
        private readonly CancellationTokenSource _stop = new();
        private long _asked = time.GetTimestamp();
        private Task _reading = Task.CompletedTask;

        public string Id { get; } = Guid.NewGuid().ToString("N");

        /// <summary>Why it has ended; null while it has not, or ended since the folder is gone.</summary>
        public FileException? Failure { get; private set; }

        public TimeSpan Unasked => time.GetElapsedTime(Volatile.Read(ref _asked));

        public async Task BeginAsync(IAgentConnector agents, HttpRequest caller, WatchRequest request)
        {
            var call = await FileCall.BeginAsync(agents, caller, new AgentRequest(Watch: request), _stop.Token);
            try
            {
                await call.StartAsync();
            }
            catch
            {
                await call.DisposeAsync();
                throw;
            }

            _reading = ReadAsync(call);
        }

        public void Stop() => _stop.Cancel();

        public List<FileEvent> Take()
        {
            Volatile.Write(ref _asked, time.GetTimestamp());
            var events = new List<FileEvent>();
            while (events.Count < EventLimit && _events.Reader.TryRead(out var happened))
            {
                events.Add(happened);
            }

            return events;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _reading;
            _stop.Dispose();
        }

        private async Task ReadAsync(FileCall call)
        {
            await using (call)
            {
                try
                {
                    while (await call.NextEventAsync() is { } happened)
                    {
                        await _events.Writer.WriteAsync(happened, _stop.Token);
                    }
                }
                catch (FileException error)
                {
                    Failure = error;
                }
                catch (OperationCanceledException)
                {
                    // Removed.
                }
            }
        }
    }
}
