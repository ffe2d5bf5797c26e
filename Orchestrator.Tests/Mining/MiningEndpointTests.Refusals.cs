using System.Text.Json.Nodes;
using Orchestrator.Core.Mining;
using Orchestrator.Tests.Infrastructure;
using static Orchestrator.Tests.Mining.MiningCalls;

namespace Orchestrator.Tests.Mining;

public sealed partial class MiningEndpointTests
{
    /// <summary>A field, what it is set to as JSON, and how the answer's error begins.</summary>
    public static TheoryData<string, string, string> WrongFields
    {
        get
        {
            const string Hash = "hash must be 64 hexadecimal digits.";
            const string Height = "block_height must be a whole number from 0 to 9007199254740991.";
            const string Difficulty = "difficulty must be a number greater than 0.";
            const string Header = "header must be 160 hexadecimal digits.";
            const string Missing = "Missing required fields";
            var long129 = new string('x', 129);
            var data = new TheoryData<string, string, string>
            {
                { "hash", $"\"{ValidHash[1..]}\"", Hash },
                { "hash", $"\"{ValidHash}0\"", Hash },
                { "hash", $"\"0x{ValidHash[2..]}\"", Hash },
                { "hash", $"\"{ValidHash[1..]}g\"", Hash },
                { "hash", $"\"{ValidHash[1..]} \"", Hash },
                { "hash", "\"\"", Hash },
                { "hash", $"\"{new string('0', 100_000)}\"", Hash },
                { "hash", "0", "hash has the wrong type" },
                { "hash", "[]", "hash has the wrong type" },
                { "hash", "true", "hash has the wrong type" },
                { "difficulty", "0", Difficulty },
                { "difficulty", "-1", Difficulty },
                { "difficulty", "1e400", Difficulty },
                { "difficulty", "1e-400", Difficulty },
                { "difficulty", "\"1.0\"", "difficulty has the wrong type" },
                { "difficulty", "{}", "difficulty has the wrong type" },
                { "block_height", "-1", Height },
                { "block_height", "9007199254740992", Height },
                { "block_height", "1.5", "block_height has the wrong type" },
                { "block_height", "99999999999999999999", "block_height has the wrong type" },
                { "block_height", "\"1\"", "block_height has the wrong type" },
                { "header", "\"00\"", Header },
                { "header", $"\"{new string('z', 160)}\"", Header },
                { "header", "7", "header has the wrong type" },
            };
            foreach (var id in (string[])["worker_id", "submission_id"])
            {
                var problem = $"{id} must be 1 to 128 characters, without control characters.";
                data.Add(id, "\"\"", problem);
                data.Add(id, $"\"{long129}\"", problem);
                data.Add(id, "\"a\\u0000b\"", problem);
                data.Add(id, "\"a\\nb\"", problem);
                data.Add(id, "5", $"{id} has the wrong type");
                data.Add(id, "{\"a\":1}", $"{id} has the wrong type");
            }

            foreach (var id in (string[])["hash", "difficulty", "block_height", "worker_id", "submission_id"])
            {
                data.Add(id, "null", Missing);
            }

            return data;
        }
    }

    [Fact]
    public async Task Audit_EmptyLedger_IsZerosNeverNull() =>
        await Pod.GetAsync("/audit", Cancel).AnswersAsync(200,
            """{"statistics":{"total_shares":0,"valid_shares":0,"invalid_shares":0,"unique_workers":0},"recent_shares":[]}""");

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task Submit_WrongField_IsRefusedAndNotCounted(string field, string json, string error)
    {
        var example = Example().ToJsonString();
        var body = field == "header"
            ? $"{example[..^1]},\"header\":{json}}}"
            : Replace(Example(), field, json);

        var answer = await Pod.PostAsync("/submission/1", body).JsonAsync(400);
        Assert.StartsWith(error, answer.Text("error"), StringComparison.Ordinal);

        await NothingIsCountedAsync();
    }

    [Theory]
    [InlineData(null, "No data provided")]
    [InlineData("", "No data provided")]
    [InlineData("{}", "No data provided")]
    [InlineData(" { } ", "No data provided")]
    [InlineData("{\"x\":1}", "Missing required fields")]
    [InlineData("{\"header\":null}", "Missing required fields")]
    [InlineData("[]", "The body is not a JSON object.")]
    [InlineData("7", "The body is not a JSON object.")]
    public async Task Submit_NoOrEmptyOrStrangeBody_IsRefusedAndNotCounted(string? body, string error)
    {
        await Pod.PostAsync("/submission/1", body).FailsAsync(400, error);

        await NothingIsCountedAsync();
    }

    [Theory]
    [InlineData("{\"hash\":")]
    [InlineData("{\"worker_id\":\"\\ud800\"}")]
    [InlineData("{\"hash\":\"a\"}{}")]
    [InlineData("nonsense")]
    public async Task Submit_MalformedJson_IsRefusedInTheErrorShape(string body)
    {
        var answer = await Pod.PostAsync("/submission/1", body).JsonAsync(400);

        Assert.NotEmpty(answer.Text("error"));
        await NothingIsCountedAsync();
    }

    [Fact]
    public async Task Submit_BytesThatAreNoUtf8_AreRefused()
    {
        var content = new ByteArrayContent([.. "{\"worker_id\":\""u8, 0xff, 0xfe, .. "\"}"u8]);

        await Pod.PostAsync("/submission/1", content, Cancel).JsonAsync(400);
        await NothingIsCountedAsync();
    }

    [Fact]
    public async Task Submit_BodyOverOneMebibyte_Is413()
    {
        await Pod.PostAsync("/submission/1", $"{{\"hash\":\"{new string('0', 1 << 20)}\"}}").FailsAsync(413, "BODY_TOO_LARGE");

        await NothingIsCountedAsync();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("x")]
    [InlineData("0x1")]
    [InlineData("%201")]
    [InlineData("+1")]
    [InlineData("9007199254740992")]
    [InlineData("99999999999999999999999999")]
    [InlineData("%D9%A1")]
    public async Task Round_NoWholeNumber_IsRefusedOnBothCalls(string round)
    {
        const string Error = "round_number must be a whole number from 0 to 9007199254740991.";
        await Pod.GetAsync($"/task/{round}", Cancel).FailsAsync(400, Error);
        await Pod.PostAsync($"/submission/{round}", Example().ToJsonString()).FailsAsync(400, Error);

        await NothingIsCountedAsync();
    }

    private static string Replace(JsonObject example, string field, string json)
    {
        example[field] = "REPLACED";
        return example.ToJsonString().Replace("\"REPLACED\"", json, StringComparison.Ordinal);
    }

    private async Task NothingIsCountedAsync()
    {
        var audit = await Pod.GetAsync("/audit", Cancel).JsonAsync(200);
        Assert.Equal(0, audit["statistics"]!["total_shares"]!.GetValue<long>());
        Assert.Equal(0, (await _host.Get<IShareLedger>().GetTotalsAsync(Cancel)).NewestRound);
    }
}
