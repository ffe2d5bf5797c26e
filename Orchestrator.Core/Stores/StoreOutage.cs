using Microsoft.Extensions.Logging;

namespace Orchestrator.Core.Stores;

/// <summary>
/// Logs the outages of a loop's store once per change of state: when calls begin to fail, when they fail otherwise, and
/// when they succeed again. Safe for concurrent use.
/// </summary>
/// <param name="loop">The interrupted loop, as the first words of a log message.</param>
/// <param name="logger">The loop's logger.</param>
public sealed partial class StoreOutage(string loop, ILogger logger)
{
    private Type? _kind;

    /// <summary>A call failed.</summary>
    /// <param name="exception">Its exception: an outage when a <see cref="StoreUnavailableException"/>, else a defect.</param>
    public void Met(Exception exception)
    {
        if (Interlocked.Exchange(ref _kind, exception.GetType()) == exception.GetType())
        {
            return;
        }

        if (exception is StoreUnavailableException)
        {
            LogUnavailable(loop, exception.Message);
        }
        else
        {
            LogFailed(loop, exception);
        }
    }

    /// <summary>A call succeeded.</summary>
    public void Over()
    {
        if (Volatile.Read(ref _kind) is not null && Interlocked.Exchange(ref _kind, null) is not null)
        {
            LogOver(loop);
        }
    }

    [LoggerMessage(1895, LogLevel.Warning, "{Loop} interrupted: store unavailable, retrying: {Error}")]
    private partial void LogUnavailable(string loop, string error);

    [LoggerMessage(1896, LogLevel.Error, "{Loop} interrupted, retrying.")]
    private partial void LogFailed(string loop, Exception exception);

    [LoggerMessage(1897, LogLevel.Information, "{Loop} resumed.")]
    private partial void LogOver(string loop);
}
