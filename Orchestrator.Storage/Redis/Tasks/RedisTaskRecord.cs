using System.Globalization;
using Orchestrator.Core.Tasks.Queue;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis.Tasks;

/// <summary>Reads a task from the answer of <c>get.lua</c> or <c>brief.lua</c>.</summary>
internal static class RedisTaskRecord
{
    private const string States = "prcfx";
    private const string None = "-";
    private const int Parts = 9;

    public static TaskRecord? Read(string id, RedisValue head, RedisValue spec, RedisValue result, RedisValue error)
    {
        if (head.IsNull)
        {
            return null;
        }

        var parts = head.ToString().Split(' ', Parts + 1);
        return new TaskRecord
        {
            Id = id,
            State = State(parts[0][0]),
            Spec = ReadSpec(spec),
            Attempts = int.Parse(parts[2], CultureInfo.InvariantCulture),
            CreatedAt = Time(parts[5]) ?? default,
            StartedAt = Time(parts[6]),
            FinishedAt = Time(parts[8]),
            HandledBy = parts[7] == None ? null : Text(parts[7]),
            Result = parts.Length > Parts ? parts[Parts] : result,
            Error = error,
        };
    }

    /// <summary>The specification: the JSON behind the number of attempts allowed.</summary>
    public static TaskSpecification ReadSpec(RedisValue value)
    {
        ReadOnlySpan<byte> text = (byte[]?)value;
        return TaskJson.Read(text[(text.IndexOf((byte)' ') + 1)..]);
    }

    /// <summary>A name as one part of a head, which may hold no space.</summary>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public static string Word(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return text == None ? "%2D" : Uri.EscapeDataString(text);
    }

    /// <summary>The name from which <see cref="Word"/> made this.</summary>
    public static string Text(string word) => Uri.UnescapeDataString(word);

    public static string Letter(TaskPhase state) => States[(int)state].ToString();

    public static TaskPhase State(char letter) => (TaskPhase)States.IndexOf(letter, StringComparison.Ordinal);

    private static DateTimeOffset? Time(string milliseconds) => milliseconds == None
        ? null
        : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
