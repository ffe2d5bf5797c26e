using System.Globalization;

namespace Orchestrator.Guest.Serving;

/// <summary>Logs one line each, at once: a small console logger without the framework's start-up time. Of the
/// framework's own messages only warnings and worse: the orchestrator probes every runner repeatedly.</summary>
internal sealed class LineLoggerProvider(TextWriter target, TimeProvider time) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(
        target, time, categoryName.StartsWith("Microsoft.", StringComparison.Ordinal) ? LogLevel.Warning : LogLevel.Information);

    public void Dispose()
    {
        // The writer is the process's own.
    }

    private sealed class LineLogger(TextWriter target, TimeProvider time, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var now = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
                var line = $"{now} {logLevel} [{eventId.Id}] {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}";
                lock (target)
                {
                    target.WriteLine(line);
                }
            }
        }
    }
}
