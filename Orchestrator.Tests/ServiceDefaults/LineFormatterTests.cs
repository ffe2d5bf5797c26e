using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.ServiceDefaults.Logging;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.ServiceDefaults;

public sealed class LineFormatterTests
{
    [Fact]
    public void Write_Event_IsOneLineWithTimeLevelCategoryAndId()
    {
        Assert.Equal("2026-01-31T12:00:00.000Z warn Reaper[1004] gone\n", Format("gone", null));
    }

    [Fact]
    public void Write_MessageWithLineBreaks_ForgesNoLine()
    {
        Assert.Equal("2026-01-31T12:00:00.000Z warn Reaper[1004] a\\n2026 fail b\\x0d\\x1b[0m\n", Format("a\n2026 fail b\r\x1b[0m", null));
    }

    [Fact]
    public void Write_Exception_FollowsIndented()
    {
        var lines = Format("failed", new InvalidOperationException("one\ntwo")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.All(lines[1..], line => Assert.StartsWith("    ", line, StringComparison.Ordinal));
    }

    private static string Format(string message, Exception? exception)
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
        using var output = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Warning, "Orchestrator.Core.Maintenance.Reaper", new EventId(1004), message, exception, (state, _) => state);
        new LineFormatter(time).Write(entry, null, output);
        return output.ToString();
    }
}
