using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Mining;
using Orchestrator.Core.Tasks;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Storage.Sqlite.Mining;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Mining;

/// <summary>The task <c>mine</c> over a real ledger.</summary>
public sealed class MineHandlerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SqliteShareLedger _ledger;
    private readonly HashMeter _meter = new(TimeProvider.System);
    private readonly MineHandler _handler;

    public MineHandlerTests()
    {
        _database = SqliteDatabase.Open(new SqliteOptions { DataFolder = _folder.Path }, NullLogger<SqliteDatabase>.Instance);
        _ledger = new SqliteShareLedger(_database, TimeProvider.System);
        var intake = new ShareIntake(_ledger, new MiningOptions(), NullLogger<ShareIntake>.Instance);
        _handler = new MineHandler(new ShareSearch(_meter, TimeProvider.System), intake);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Execute_RangeWithTheGenesisNonce_FindsTheBlockAndSubmitsItOnce()
    {
        var genesis = KnownBlock.At(0);
        var input = Input(genesis, ("first_nonce", genesis.Nonce - 1_000), ("count", 5_000), ("round_number", 3), ("worker_id", "w"));

        var result = await RunAsync(input);
        var again = await RunAsync(input);

        Assert.Equal(result.ToJsonString(), again.ToJsonString());
        Assert.Equal(
            $$"""{"found":true,"hashes":1001,"nonce":{{genesis.Nonce}},"hash":"{{genesis.Hash}}","header":"{{Convert.ToHexStringLower(genesis.Header())}}","submission_id":"mine:{{genesis.Hash}}","valid":true}""",
            result.ToJsonString());
        Assert.Equal(new LedgerTotals(new ShareCounts(1, 0), 1, 3), await _ledger.GetTotalsAsync(Cancel));
        Assert.Equal(2_002, _meter.Total);
    }

    [Fact]
    public async Task Execute_RangeWithoutAShare_SaysSoAndCountsItsHashes()
    {
        var result = await RunAsync(Input(KnownBlock.At(0), ("first_nonce", 5), ("count", 300_001)));

        Assert.Equal("""{"found":false,"hashes":300001}""", result.ToJsonString());
        Assert.Equal(300_001, _meter.Total);
        Assert.Equal(0, (await _ledger.GetTotalsAsync(Cancel)).Shares.Total);
    }

    [Fact]
    public async Task Execute_ShareBelowTheRoundsDifficulty_IsSubmittedAndFoundInvalid()
    {
        var result = await RunAsync(Input(KnownBlock.At(0), ("count", 10_000_000), ("difficulty", 0.00001)));

        Assert.True(result["found"]!.GetValue<bool>());
        Assert.False(result["valid"]!.GetValue<bool>());
        Assert.Equal(new ShareCounts(0, 1), (await _ledger.GetTotalsAsync(Cancel)).Shares);
    }

    [Fact]
    public async Task Execute_Cancelled_EndsSoon()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _handler.ExecuteAsync(Element(Input(KnownBlock.At(0), ("difficulty", 1e60))), new TaskContext("t", 1, cancel.Token)).AsTask();
        await Eventually.TrueAsync(() => _meter.Total > 0, what: "A first hash");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public void Refuse_IntegersWithAPointOrAnExponent_TakesThem() => Assert.Null(_handler.Refuse(JsonElement.Parse(
        $$"""{"header":"{{new string('0', 160)}}","first_nonce":4294967295.0,"count":1e3,"round_number":3.00,"block_height":1.0}""")));

    [Theory]
    [InlineData("""{}""", "header")]
    [InlineData("""[]""", "input")]
    [InlineData("""7""", "input")]
    [InlineData("""{"header":null}""", "header")]
    [InlineData("""{"header":"00"}""", "header")]
    [InlineData("""{"header":5}""", "header")]
    [InlineData("""{"header":"H","first_nonce":-1}""", "first_nonce")]
    [InlineData("""{"header":"H","first_nonce":4294967296}""", "first_nonce")]
    [InlineData("""{"header":"H","count":0}""", "count")]
    [InlineData("""{"header":"H","count":4294967297}""", "count")]
    [InlineData("""{"header":"H","difficulty":0}""", "difficulty")]
    [InlineData("""{"header":"H","difficulty":1e999}""", "difficulty")]
    [InlineData("""{"header":"H","difficulty":"1"}""", "difficulty")]
    [InlineData("""{"header":"H","round_number":-1}""", "round_number")]
    [InlineData("""{"header":"H","block_height":9007199254740992}""", "block_height")]
    [InlineData("""{"header":"H","worker_id":""}""", "worker_id")]
    [InlineData("""{"header":"H","worker_id":null}""", "worker_id")]
    [InlineData("""{"header":"H","what":1}""", "what")]
    public void Refuse_WrongInput_NamesTheField(string input, string field)
    {
        var problem = _handler.Refuse(JsonElement.Parse(input.Replace("\"H\"", $"\"{new string('0', 160)}\"", StringComparison.Ordinal)));

        Assert.StartsWith(field + " ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuse_GoodInput_IsNull() => Assert.Null(_handler.Refuse(Element(Input(KnownBlock.At(0)))));

    private static JsonObject Input(KnownBlock block, params (string Name, JsonNode Value)[] others)
    {
        var input = new JsonObject { ["header"] = Convert.ToHexString(block.Header()) };
        foreach (var (name, value) in others)
        {
            input[name] = value;
        }

        return input;
    }

    private static JsonElement Element(JsonObject input) => JsonElement.Parse(input.ToJsonString());

    private async Task<JsonNode> RunAsync(JsonObject input) =>
        JsonNode.Parse(await _handler.ExecuteAsync(Element(input), new TaskContext("t", 1, Cancel)))!;
}
