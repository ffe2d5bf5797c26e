using System.Text;
using Orchestrator.Tests.Engines.Guests;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sessions;

/// <summary>Runners without a guest, and guests that break their protocol.</summary>
public sealed class GuestFailureTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        await _host.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"s1"}""").JsonAsync(201);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("GET", "processes")]
    [InlineData("GET", "files?path=a")]
    [InlineData("GET", "files/list?path=a")]
    [InlineData("GET", "files/watch?path=a")]
    [InlineData("DELETE", "processes/1")]
    public async Task AnyCall_RunnerWithoutAGuest_IsNotSupported(string method, string call) =>
        await _host.Sessions.SendAsync(new HttpMethod(method), $"/api/runner/s1/{call}").FailsAsync(501, "NOT_SUPPORTED");

    [Fact]
    public async Task Background_RunnerWithoutAGuest_IsNotSupported() =>
        await _host.Sessions.PostAsync("/api/runner/s1/exec", """{"command":["x"],"background":true}""").FailsAsync(501, "NOT_SUPPORTED");

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    public async Task Exec_GuestBreaksItsProtocol_Answers502(string accept)
    {
        await using var guest = await ScriptedGuest.SayingAsync(["{"]);
        _host.Engine.Guest = guest;

        await _host.Sessions.PostAsync("/api/runner/s1/exec", """{"command":["x"]}""", ("Accept", accept)).FailsAsync(502, "RUNNER_MISBEHAVED");
    }

    [Fact]
    public async Task Exec_RunnerDiesMeanwhile_KeepsItsOutput()
    {
        var read = new TaskCompletionSource();
        await using var guest = await ScriptedGuest.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(0, """{"event":{"start":{"pid":17}}}"""));
            await context.Response.Body.WriteAsync(ScriptedGuest.Envelope(0, """{"event":{"data":{"stdout":"aGk="}}}"""));
            await context.Response.Body.FlushAsync();
            await read.Task;
            _host.Engine.Die(Assert.Single(_host.Engine.Runners).RunnerId);
            context.Abort();
        });
        _host.Engine.Guest = guest;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/runner/s1/exec")
        {
            Content = new StringContent("""{"command":["x"]}""", Encoding.UTF8, "application/json"),
            Headers = { Accept = { new("text/event-stream") } },
        };

        using var response = await _host.Sessions.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("event: stdout", await events.ReadLineAsync(TestContext.Current.CancellationToken));
        read.SetResult();

        var rest = await events.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("data: \"hi\"", rest, StringComparison.Ordinal);
        Assert.Contains("The runner ended while the command ran.", rest, StringComparison.Ordinal);
    }
}
