using Orchestrator.Core.Mining;
using Orchestrator.Core.Stores;
using Orchestrator.Storage.Redis;
using Orchestrator.Storage.Redis.Mining;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>The contract on Redis.</summary>
public sealed class RedisShareLedgerTests() : RedisShareLedgerContract(RedisServer.Redis);

/// <summary>The contract of every ledger, and where its keys are.</summary>
public abstract class RedisShareLedgerContract(string program) : ShareLedgerContract
{
    private readonly List<RedisConnection> _connections = [];
    private RedisServer? _server;

    [Fact]
    public async Task Append_Share_CarriesTheServersTime()
    {
        await Ledger.AppendAsync(Of("a"), true, Cancel);

        Assert.Equal(DateTimeOffset.UtcNow, Assert.Single((await Ledger.AuditAsync(Cancel)).Recent).Timestamp, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Append_AnyNumber_KeepsItsKeysInOneSlotAndOnlyTheNewestInFull()
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Ledger.AppendAsync(Of($"s{i}"), true, Cancel).AsTask()));

        var keys = (string[])(await _connections[0].CallAsync(database => database.ExecuteAsync("KEYS", "*")))!;
        Assert.All(keys, key => Assert.StartsWith("{orchestrator}:mining:1:", key, StringComparison.Ordinal));
        Assert.Equal(10, (int)await _connections[0].CallAsync(database => database.ExecuteAsync("LLEN", "{orchestrator}:mining:1:recent")));
    }

    private protected override async ValueTask<IShareLedger> OpenAsync()
    {
        _server = await RedisServer.StartNewAsync(program);
        return await OpenAnotherAsync();
    }

    private protected override ValueTask<IShareLedger> OpenAnotherAsync()
    {
        _connections.Add(HostlessRedis.Open(_server!.ConnectionString, new RedisOptions { CallTimeoutSeconds = 5 }));
        return ValueTask.FromResult<IShareLedger>(new RedisShareLedger(_connections[^1]));
    }

    private protected override async ValueTask<IShareLedger> RestartAsync()
    {
        _server!.Kill();
        await _server.StartAsync();
        var ledger = await OpenAnotherAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await ledger.GetTotalsAsync(Cancel);
                    return true;
                }
                catch (StoreUnavailableException)
                {
                    return false;
                }
            },
            what: "An answer of the restarted ledger");

        return ledger;
    }

    private protected override async ValueTask<long> CountKeptAsync()
    {
        const string Root = "{orchestrator}:mining:1:";
        async Task<long> Count(string command, string key) => (long)await _connections[0].CallAsync(database => database.ExecuteAsync(command, Root + key));
        var rounds = (string[])(await _connections[0].CallAsync(database => database.ExecuteAsync("KEYS", Root + "round:*")))!;
        return rounds.Length + await Count("HLEN", "ids") + await Count("SCARD", "workers") + await Count("SCARD", "invalid:workers");
    }

    private protected override ValueTask BreakAsync()
    {
        _server!.Kill();
        return ValueTask.CompletedTask;
    }

    private protected override async ValueTask CloseAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
