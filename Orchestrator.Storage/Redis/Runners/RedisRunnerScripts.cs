namespace Orchestrator.Storage.Redis.Runners;

/// <summary>The scripts of the runners.</summary>
internal static class RedisRunnerScripts
{
    public static readonly RedisScript Claim = new("Runners", "claim");
    public static readonly RedisScript Reserve = new("Runners", "reserve");
    public static readonly RedisScript Prolong = new("Runners", "prolong");
    public static readonly RedisScript MovePort = new("Runners", "move-port");
    public static readonly RedisScript Attach = new("Runners", "attach");
    public static readonly RedisScript Touch = new("Runners", "touch");
    public static readonly RedisScript Extend = new("Runners", "extend");
    public static readonly RedisScript Expire = new("Runners", "expire");
    public static readonly RedisScript BeginRemove = new("Runners", "begin-remove");
    public static readonly RedisScript Return = new("Runners", "return");
    public static readonly RedisScript Delete = new("Runners", "delete");
    public static readonly RedisScript Adopt = new("Runners", "adopt");
    public static readonly RedisScript Renew = new("Runners", "renew");
    public static readonly RedisScript Get = new("Runners", "get");
    public static readonly RedisScript Find = new("Runners", "find");
    public static readonly RedisScript List = new("Runners", "list");
    public static readonly RedisScript ListExpired = new("Runners", "expired");
    public static readonly RedisScript Lead = new("Runners", "lead");
    public static readonly RedisScript Resign = new("Runners", "resign");
}
