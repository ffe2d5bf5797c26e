using System.Globalization;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>A server that may lose what it acknowledged is told of everywhere, or refused.</summary>
public sealed class RedisDurabilityTests : IAsyncLifetime
{
    private RedisServer _redis = null!;

    public static TheoryData<string> Lacks => ["CONFIG SET maxmemory-policy allkeys-lru", "CONFIG SET appendonly no"];

    private string Connection => $"--ConnectionStrings:redis={_redis.ConnectionString}";

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartNewAsync();

    public ValueTask DisposeAsync() => _redis?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(Lacks))]
    public async Task Server_ThatMayLoseThings_IsReadyAndToldAsDegraded(string lack)
    {
        await using var api = await ApiHost.StartAsync(Connection);
        Assert.Equal(("healthy", true), await TellAsync(api, 200));

        Assert.Equal("+OK", await _redis.AskAsync(lack));

        Assert.Equal(("degraded", false), await TellAsync(api, 200));
    }

    [Theory]
    [InlineData("CONFIG SET maxmemory-policy volatile-ttl", "maxmemory-policy is volatile-ttl, not noeviction")]
    [InlineData("CONFIG SET appendonly no", "no append-only file")]
    public async Task Connect_ToAServerThatMayLoseThings_WarnsInTheLog(string lack, string warning)
    {
        Assert.Equal("+OK", await _redis.AskAsync(lack));
        await using var worker = await ServerProgram.StartWorkerAsync(_redis.ConnectionString);

        await Eventually.TrueAsync(() => worker.Said.Contains(warning, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Lacks))]
    public async Task Start_DurabilityRequired_IsRefusedInOneLine(string lack)
    {
        Assert.Equal("+OK", await _redis.AskAsync(lack));

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => ApiHost.StartAsync(Connection, "--Redis:RequireDurable=true"));

        Assert.StartsWith("Redis:RequireDurable: Redis ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Theory]
    [InlineData("{0},defaultDatabase=99")]
    [InlineData("redis://{0}/99")]
    public async Task Start_DatabaseThatTheServerLacks_IsRefusedInOneLine(string connection)
    {
        var setting = $"--ConnectionStrings:redis={string.Format(CultureInfo.InvariantCulture, connection, _redis.ConnectionString)}";

        var refusal = await Assert.ThrowsAsync<ConfigurationException>(() => ApiHost.StartAsync(setting));

        Assert.StartsWith("ConnectionStrings:redis: The database does not exist", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task Ready_DurabilityRequiredAndLost_IsNot()
    {
        await using var api = await ApiHost.StartAsync(Connection, "--Redis:RequireDurable=true");
        Assert.Equal(("healthy", true), await TellAsync(api, 200));

        Assert.Equal("+OK", await _redis.AskAsync("CONFIG SET appendonly no"));

        Assert.Equal(("unhealthy", false), await TellAsync(api, 503));
    }

    [Fact]
    public async Task Server_ThatMayNotBeAsked_IsDegraded()
    {
        Assert.Equal("+OK", await _redis.AskAsync("ACL SETUSER default -info"));
        await using var api = await ApiHost.StartAsync(Connection);

        Assert.Equal(("degraded", false), await TellAsync(api, 200));
    }

    private static async Task<(string Check, bool Durable)> TellAsync(ApiHost api, int status)
    {
        var ready = await api.Sessions.SendAsync(HttpMethod.Get, "/ready").JsonAsync(status);
        var overview = await api.Sessions.SendAsync(HttpMethod.Get, "/api/overview").JsonAsync(200);
        return (ready["checks"]!.Text("durability"), (bool)overview["health"]!["store"]!["durable"]!);
    }
}
