using System.Buffers.Text;
using System.Globalization;
using Orchestrator.Core.Tasks.Queue;
using StackExchange.Redis;

namespace Orchestrator.Core.Storage.Redis.Tasks;

/// <summary>Reads what <c>get.lua</c> gives of a task.</summary>
internal static class RedisTaskRecord
{
    private const string States = "prcfx";
    private const string None = "-";

    public static TaskRecord? Read(string id, RedisValue head, RedisValue spec, RedisValue result, RedisValue error)
    {
        if (head.IsNull)
        {
            return null;
        }

        var parts = head.ToString().Split(' ');
        var (asked, made) = ReadSpec(spec);
        return new TaskRecord
        {
            Id = id,
            State = State(parts[0][0]),
            Spec = asked,
            Attempts = int.Parse(parts[2], CultureInfo.InvariantCulture),
            CreatedAt = made,
            StartedAt = Time(parts[5]),
            FinishedAt = Time(parts[7]),
            HandledBy = parts[6] == None ? null : Text(parts[6]),
            Result = result,
            Error = error,
        };
    }

    /// <summary>What was asked for, and when.</summary>
    public static (TaskSpec Spec, DateTimeOffset Made) ReadSpec(RedisValue value)
    {
        // Tries allowed, time, JSON.
        ReadOnlySpan<byte> text = (byte[]?)value;
        text = text[(text.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(text, out long made, out var length)
            ? (TaskJson.Read(text[(length + 1)..]), DateTimeOffset.FromUnixTimeMilliseconds(made))
            : throw new FormatException("A task's spec is not as it was written.");
    }

    /// <summary>A name as one part of a head, which may hold no space.</summary>
    public static string Word(string text) => Uri.EscapeDataString(text);

    /// <summary>The name of which <see cref="Word"/> made this.</summary>
    public static string Text(string word) => Uri.UnescapeDataString(word);

    public static string Letter(TaskState state) => States[(int)state].ToString();

    public static TaskState State(char letter) => (TaskState)States.IndexOf(letter, StringComparison.Ordinal);

    private static DateTimeOffset? Time(string milliseconds) => milliseconds == None
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
