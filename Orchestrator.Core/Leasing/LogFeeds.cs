using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Leasing;

/// <summary>As many callers follow a runner's log as may at a time; nothing was begun.</summary>
/// <param name="limit">How many may.</param>
public sealed class LogFollowersException(int limit) : Exception($"The log is followed {limit} times already, which is the limit.");

/// <summary>
/// The logs that are being followed. However many callers follow a runner's, the engine is asked for one stream: each takes
/// one of the inotify instances that a user has 128 of.
/// </summary>
public sealed class LogFeeds(IRunnerEngine engine)
{
    /// <summary>How many callers may follow a runner's log at a time.</summary>
    public const int MaxFollowers = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (LogFeed Feed, int Followers)> _feeds = new(StringComparer.Ordinal);

    /// <summary>Copies the last lines of a runner's log, then whatever comes, until the runner ends.</summary>
    /// <param name="handle">The runner's handle.</param>
    /// <param name="tail">How many lines to begin with; null for all.</param>
    /// <param name="output">Where the log goes.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="LogFollowersException">As many follow it as may.</exception>
    /// <exception cref="RunnerGoneException">There is no such runner.</exception>
    public async Task FollowAsync(string handle, int? tail, IExecOutput output, CancellationToken cancellationToken)
    {
        var feed = Join(handle);
        try
        {
            await feed.FollowAsync(tail, output, cancellationToken);
        }
        finally
        {
            await LeaveAsync(handle);
        }
    }

    private LogFeed Join(string handle)
    {
        lock (_gate)
        {
            var (feed, followers) = _feeds.GetValueOrDefault(handle);
            if (followers >= MaxFollowers)
            {
                throw new LogFollowersException(MaxFollowers);
            }

            feed ??= new LogFeed(engine, handle);
            _feeds[handle] = (feed, followers + 1);
            return feed;
        }
    }

    private async ValueTask LeaveAsync(string handle)
    {
        LogFeed feed;
        lock (_gate)
        {
            (feed, var followers) = _feeds[handle];
            if (followers > 1)
            {
                _feeds[handle] = (feed, followers - 1);
                return;
            }

            _feeds.Remove(handle);
        }

        await feed.DisposeAsync();
    }
}
