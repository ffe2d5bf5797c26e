using Orchestrator.Core.Tasks.Queue;
using StackExchange.Redis;

namespace Orchestrator.Core.Storage.Redis.Tasks;

/// <summary>Reads a task's hash.</summary>
internal static class RedisTaskRecord
{
    private const string States = "prcfx";

    public static readonly RedisValue[] Fields = ["s", "d", "a", "c", "b", "z", "w", "r", "e"];

    public static TaskRecord? Read(string id, RedisValue[] values) => values[0].IsNull ? null : new TaskRecord
    {
        Id = id,
        State = State(values[0].ToString()[0]),
        Spec = TaskJson.Read((byte[]?)values[1]),
        Attempts = (int)values[2],
        CreatedAt = Time(values[3]) ?? default,
        StartedAt = Time(values[4]),
        FinishedAt = Time(values[5]),
        HandledBy = values[6],
        Result = values[7],
        Error = values[8],
    };

    public static string Letter(TaskState state) => States[(int)state].ToString();

    public static TaskState State(char letter) => (TaskState)States.IndexOf(letter, StringComparison.Ordinal);

    private static DateTimeOffset? Time(RedisValue milliseconds) =>
        milliseconds.IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds);
}
