using Orchestrator.Core.Stores;
using Orchestrator.Storage.Redis;
using Orchestrator.Tests.Infrastructure;
using StackExchange.Redis;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>Which of Redis' errors are a store that is away, in the words of versions 6.2 and 7.</summary>
public sealed class RedisErrorsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("READONLY You can't write against a read only replica.", true)]
    [InlineData("READONLY You can't write against a read only replica. script: 0f3b, on @user_script:1.", true)]
    [InlineData("ERR Error running script (call to f_0f3b): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica. ", true)]
    [InlineData("ERR Error running script (call to f_0f3b): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'. ", true)]
    [InlineData("ERR Error running script (call to f_0f3b): @user_script:9: @user_script: 9: -MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.", true)]
    [InlineData("NOREPLICAS Not enough good replicas to write.", true)]
    [InlineData("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", true)]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'. script: 0f3b, on @user_script:1.", true)]
    [InlineData("MISCONF Errors writing to the AOF file: No space left on device", true)]
    [InlineData("NOAUTH Authentication required.", true)]
    [InlineData("NOPERM User default has no permissions to run the 'evalsha' command", true)]
    [InlineData("LOADING Redis is loading the dataset in memory", true)]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", true)]
    [InlineData("CLUSTERDOWN The cluster is down", true)]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot", true)]
    [InlineData("ERR Error running script (call to f_0f3b): @user_script:3: user_script:3: attempt to index a nil value", false)]
    [InlineData("ERR value is not an integer or out of range", false)]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value", false)]
    [InlineData("STALETERM this term of leadership is over", false)]
    [InlineData("no code at all", false)]
    public void Error_OfEitherVersion_IsARefusalUnlessItIsOurs(string message, bool refusal) =>
        Assert.Equal(refusal, new RedisServerException(message).IsRefusal());

    [Fact]
    public async Task Store_WithoutEnoughReplicas_IsUnavailableAndWorksOnAfterwards()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var connection = HostlessRedis.Open(redis.ConnectionString, new RedisOptions());
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET min-replicas-to-write 1"));

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => connection.WriteAndReadAsync("test", "text", Cancel));
        Assert.Contains("NOREPLICAS", refused.Message, StringComparison.Ordinal);

        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET min-replicas-to-write 0"));
        Assert.Equal("text", await connection.WriteAndReadAsync("test", "text", Cancel));
    }
}
