namespace Orchestrator.Storage.Redis.Tasks;

/// <summary>The scripts of the tasks.</summary>
internal static class RedisTaskScripts
{
    public static readonly RedisScript Enqueue = new("Tasks", "enqueue");
    public static readonly RedisScript Claim = new("Tasks", "claim");
    public static readonly RedisScript Extend = new("Tasks", "extend");
    public static readonly RedisScript Settle = new("Tasks", "settle");
    public static readonly RedisScript Get = new("Tasks", "get");
    public static readonly RedisScript List = new("Tasks", "list");
    public static readonly RedisScript Brief = new("Tasks", "brief");
    public static readonly RedisScript Cancel = new("Tasks", "cancel");
    public static readonly RedisScript Retry = new("Tasks", "retry");
    public static readonly RedisScript Purge = new("Tasks", "purge");
    public static readonly RedisScript ClaimCallbacks = new("Tasks", "callbacks-claim");
    public static readonly RedisScript SettleCallback = new("Tasks", "callbacks-settle");
}
