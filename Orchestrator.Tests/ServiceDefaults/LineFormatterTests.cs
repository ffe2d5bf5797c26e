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

    [Theory]
    [InlineData("\u009b2J", "\\x9b2J")]
    [InlineData("a\u202eb", "a\\u202eb")]
    [InlineData("a\u2028b\u2029", "a\\u2028b\\u2029")]
    [InlineData("\u2066\u200f\u061c", "\\u2066\\u200f\\u061c")]
    [InlineData("\u007f\t\0", "\\x7f\\x09\\x00")]
    [InlineData("Ünïcode 日本 🙂", "Ünïcode 日本 🙂")]
    public void Write_CharactersThatTerminalsActOn_AreEscaped(string message, string shown)
    {
        Assert.EndsWith($"] {shown}\n", Format(message, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ExceptionWithEscapes_HasThemEscaped() =>
        Assert.Contains("a\\x9b2Jb", Format("failed", new InvalidOperationException("a\u009b2Jb")), StringComparison.Ordinal);

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
