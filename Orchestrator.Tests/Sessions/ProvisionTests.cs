using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>The examples of docs/contract/session-runners.md and docs/contract/contract.md, section Sessions, literally.</summary>
public sealed class ProvisionTests : IAsyncLifetime
{
    private const string Provision = "/api/runner/provision";
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Provision_NewSession_AnswersCreatedWithEverythingInIt()
    {
        var before = DateTimeOffset.UtcNow;

        var answer = await _host.Sessions.PostAsync(Provision, """{"sessionId":"s1"}""").JsonAsync(201);

        Assert.Equal("Runner provisioned successfully.", answer.Text("message"));
        Assert.Matches("^http://localhost:[0-9]+$", answer.Text("endpoint"));
        Assert.Equal("s1", answer.Text("sessionId"));
        Assert.Matches("^runner-[0-9]{13}-[a-z0-9]{9}$", answer.Text("runnerId"));
        Assert.Matches("^[0-9a-f]{64}$", answer.Text("token"));
        Assert.InRange(answer["expiresAt"]!.GetValue<DateTimeOffset>(), before.AddSeconds(59), DateTimeOffset.UtcNow.AddSeconds(61));
        Assert.Equal(6, answer.AsObject().Count);
    }

    [Fact]
    public async Task Provision_SameSessionAgain_AnswersOkWithTheSameRunner()
    {
        var first = await _host.Sessions.PostAsync(Provision, null, ("X-Session-Id", "s1")).JsonAsync(201);

        var second = await _host.Sessions.PostAsync(Provision, null, ("X-Session-Id", "s1")).JsonAsync(200);

        Assert.Equal("Runner already exists for this session.", second.Text("message"));
        foreach (var field in new[] { "endpoint", "sessionId", "runnerId", "token" })
        {
            Assert.Equal(first.Text(field), second.Text(field));
        }
    }

    [Fact]
    public async Task Provision_NothingGiven_MakesUpAUuid()
    {
        var answer = await _host.Sessions.PostAsync(Provision, null).JsonAsync(201);

        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", answer.Text("sessionId"));
    }

    [Theory]
    [InlineData("""{"sessionId":"body"}""", "header", "body")]
    [InlineData("""{"sessionId":""}""", "header", "header")]
    [InlineData("""{"sessionId":null}""", "header", "header")]
    [InlineData("{}", "header", "header")]
    [InlineData("", "header", "header")]
    [InlineData(" \r\n\t", "header", "header")]
    [InlineData("""{"sessionId":"body"}""", "", "body")]
    [InlineData("""{"sessionId":"body"}""", "not valid!", "body")]
    [InlineData("\uFEFF{\"sessionId\":\"marked\",\"unknown\":[1,{}]}", null, "marked")]
    [InlineData("""{"sessionId":"a.B_9:-"}""", null, "a.B_9:-")]
    public async Task Provision_BodyAndHeader_BodyWinsAndEmptyCountsAsMissing(string body, string? header, string expected)
    {
        (string, string)[] headers = header is null ? [] : [("X-Session-Id", header)];

        var answer = await _host.Sessions.PostAsync(Provision, body, headers).JsonAsync(201);

        Assert.Equal(expected, answer.Text("sessionId"));
    }

    [Theory]
    [InlineData("-starts-with-a-dash")]
    [InlineData(".hidden")]
    [InlineData("has space")]
    [InlineData("semi;colon")]
    [InlineData("slash/es")]
    [InlineData("ünïcode")]
    [InlineData("nul\\u0000")]
    [InlineData("line\\nbreak")]
    public async Task Provision_NotASessionId_Refuses(string id)
    {
        var answer = await _host.Sessions.PostAsync(Provision, $$"""{"sessionId":"{{id}}"}""").FailsAsync(400, "SESSION_ID_INVALID");

        Assert.Contains("sessionId", answer.Text("message"), StringComparison.Ordinal);
        Assert.Equal(0, _host.Engine.Started);
    }

    [Fact]
    public async Task Provision_LongestAndTooLongSession_DrawsTheLineAt128()
    {
        await _host.Sessions.PostAsync(Provision, $$"""{"sessionId":"{{new string('a', 128)}}"}""").JsonAsync(201);
        await _host.Sessions.PostAsync(Provision, $$"""{"sessionId":"{{new string('a', 129)}}"}""").FailsAsync(400, "SESSION_ID_INVALID");
    }

    [Fact]
    public async Task Provision_NetworkModeNone_AnswersWithoutAnEndpoint()
    {
        var answer = await _host.Sessions.PostAsync(Provision, """{"sessionId":"s1","networkMode":"none"}""").JsonAsync(201);

        Assert.Equal("N/A (isolated network mode)", answer.Text("endpoint"));
        Assert.Null(Assert.Single(_host.Engine.Runners).Placement.Port);
    }

    [Theory]
    [InlineData("host")]
    [InlineData("bridge")]
    [InlineData("NONE")]
    [InlineData("")]
    public async Task Provision_AnotherNetworkMode_Refuses(string mode)
    {
        await _host.Sessions.PostAsync(Provision, $$"""{"networkMode":"{{mode}}"}""").FailsAsync(400, "NETWORK_MODE_UNSUPPORTED");

        Assert.Equal(0, _host.Engine.Started);
    }

    [Fact]
    public async Task Provision_TwentyAtOnceForOneSession_OneIsCreatedAndAllGetTheSame()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _host.Sessions.PostAsync(Provision, null, ("X-Session-Id", "s1"))));

        Assert.Equal(1, answers.Count(answer => (int)answer.StatusCode == 201));
        Assert.Equal(19, answers.Count(answer => (int)answer.StatusCode == 200));
        Assert.Single(_host.Engine.Runners);
    }

    [Fact]
    public async Task Provision_ImageMissing_AnswersInTheDocumentsWords()
    {
        _host.Engine.ImageId = null;

        var answer = await _host.Sessions.PostAsync(Provision, null).FailsAsync(500, "DOCKER_IMAGE_NOT_FOUND");

        Assert.Equal(
            "Docker image runner-image not found. Ensure it has been built, typically by the 'runner-builder' service.", answer.Text("message"));
    }

    [Fact]
    public async Task Provision_EngineOrStoreGone_SaysWhenToTryAgain()
    {
        _host.Engine.Stop();

        using var response = await _host.Sessions.PostAsync(Provision, null);

        Assert.Equal(503, (int)response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await Task.FromResult(response).FailsAsync(503, "ENGINE_UNAVAILABLE");
    }

    [Fact]
    public async Task Provision_UnforeseenFailure_AnswersTheDocumentsServerError()
    {
        _host.Engine.Before = call => call == "start" ? throw new InvalidOperationException("the daemon sneezed") : Task.CompletedTask;

        var answer = await _host.Sessions.PostAsync(Provision, null).FailsAsync(500, "SERVER_ERROR");

        Assert.Equal("An unexpected error occurred on the server.", answer.Text("message"));
        Assert.Contains("sneezed", answer.Text("details"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provision_RunnerDiesAtItsStart_TimesOut()
    {
        _host.Engine.Before = call =>
        {
            if (call == "ready")
            {
                _host.Engine.Die(_host.Engine.Runners[0].RunnerId);
            }

            return Task.CompletedTask;
        };

        await _host.Sessions.PostAsync(Provision, null).FailsAsync(504, "RUNNER_NOT_READY");
        Assert.Empty(_host.Engine.Runners);
    }
}
