using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Orchestrator.Guest;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest;

/// <summary>The server in this process, running real interpreters.</summary>
public sealed partial class RunnerServerTests : IAsyncLifetime
{
    private const string Token = "a token of the tests";

    private readonly ProcessTree _processes = new(adoptOrphans: false);
    private readonly string _sleep = $"sleep 8{Random.Shared.Next(100_000, 999_999)}";
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = new GuestSettings(0, IPAddress.Loopback, SHA256.HashData(Encoding.UTF8.GetBytes(Token)));
        _app = RunnerServer.Build(settings, new SameUserConnector(_processes), TimeProvider.System, () => _exited.TrySetResult());
        await _app.StartAsync(Cancelled);
        _client = new HttpClient { BaseAddress = new Uri(RunnerServer.AddressOf(_app)) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _processes.KillAll();
    }

    [Theory]
    [InlineData("python", "import sys; print('hällo'); print('oops', file=sys.stderr); sys.exit(3)")]
    [InlineData("bash", "echo hällo; echo oops >&2; exit 3")]
    [InlineData("javascript", "console.log('hällo'); console.error('oops'); process.exitCode = 3")]
    public async Task Run_EachLanguage_StreamsOutputAndExit(string language, string code)
    {
        Components.RequireLanguage(language);
        var events = await RunAsync(new { language, code });

        Assert.Equal(("hällo\n", "oops\n"), (Text(events, "stdout"), Text(events, "stderr")));
        var exit = events[^1];
        Assert.Equal("exit", exit.Name);
        Assert.Equal(3, exit.Data.GetProperty("exitCode").GetInt32());
        Assert.False(exit.Data.GetProperty("timedOut").GetBoolean());
        Assert.False(exit.Data.GetProperty("truncated").GetBoolean());
        Assert.True(exit.Data.GetProperty("durationMs").GetDouble() > 0);
    }

    [Theory]
    [InlineData("python", "import os,time\nprint('first')\nwhile not os.path.exists('{0}'): time.sleep(0.01)\nprint('second')")]
    [InlineData("bash", "echo first; until [ -e {0} ]; do sleep 0.01; done; echo second")]
    [InlineData("javascript", "console.log('first'); const fs = require('fs'); const t = setInterval(() => {{ if (fs.existsSync('{0}')) {{ clearInterval(t); console.log('second') }} }}, 10)")]
    public async Task Run_OutputBeforeTheEnd_ArrivesBeforeTheEnd(string language, string code)
    {
        Components.RequireLanguage(language);
        var signal = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            // The code goes on only after its first output has been seen here.
            var seen = new List<string>();
            await foreach (var (name, data) in StreamAsync(new { language, code = string.Format(null, code, signal) }))
            {
                if (name == "stdout" && data.GetString()!.Trim() is { Length: > 0 } text)
                {
                    seen.Add(text);
                    await File.WriteAllTextAsync(signal, "", Cancelled);
                }
            }

            Assert.Equal(["first", "second"], seen);
        }
        finally
        {
            File.Delete(signal);
        }
    }

    [Theory]
    [InlineData("python", "#", "print(1 + 1)")]
    [InlineData("bash", "#", "echo $((1 + 1)); cat")]
    [InlineData("javascript", "//", "console.log(1 + 1)")]
    public async Task Run_CodeLongerThanAnArgumentMayBe_Runs(string language, string comment, string code)
    {
        Components.RequireLanguage(language);
        var events = await RunAsync(new { language, code = $"{comment}{new string('x', 300_000)}\n{code}\n" });

        Assert.Equal("2\n", Text(events, "stdout"));
        Assert.Equal(0, events[^1].Data.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task Run_PastItsTime_IsKilled()
    {
        var events = await RunAsync(new { language = "bash", code = $"echo begun; setsid {_sleep} & {_sleep}", timeoutSeconds = 0.5 });

        Assert.Equal("begun\n", Text(events, "stdout"));
        Assert.True(events[^1].Data.GetProperty("timedOut").GetBoolean());
        Assert.Equal(JsonValueKind.Null, events[^1].Data.GetProperty("exitCode").ValueKind);
        Assert.Empty(RunnerProcess.WithCommandLine(_sleep));
    }

    [Fact]
    public async Task Run_CallerLeaves_KillsTheCode()
    {
        await foreach (var (name, _) in StreamAsync(new { language = "bash", code = $"echo begun; setsid {_sleep} & {_sleep}" }))
        {
            Assert.Equal("stdout", name);
            break;
        }

        await RunnerProcess.NoneLeftAsync(_sleep);
    }

    [Fact]
    public async Task Run_Concurrent_EachGetsItsOwnOutput()
    {
        var runs = Enumerable.Range(0, RunEndpoint.MaxRuns)
            .Select(number => RunAsync(new { language = "bash", code = $"for i in 1 2 3; do echo {number}; sleep 0.05; done; exit {number}" }));

        var results = await Task.WhenAll(runs);

        for (var number = 0; number < results.Length; number++)
        {
            Assert.Equal($"{number}\n{number}\n{number}\n", Text(results[number], "stdout"));
            Assert.Equal(number, results[number][^1].Data.GetProperty("exitCode").GetInt32());
        }
    }

    [Fact]
    public async Task Run_MoreThanTheLimit_AnswersTooManyAndRecovers()
    {
        var running = new List<IAsyncEnumerator<(string, JsonElement)>>();
        for (var number = 0; number < RunEndpoint.MaxRuns; number++)
        {
            var run = StreamAsync(new { language = "bash", code = $"echo begun; {_sleep}" }).GetAsyncEnumerator(Cancelled);
            Assert.True(await run.MoveNextAsync());
            running.Add(run);
        }

        using (var refused = await _client.PostAsync("/run", Json("""{"language":"bash","code":"true"}"""), Cancelled))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        foreach (var run in running)
        {
            await run.DisposeAsync();
        }

        await RunnerProcess.NoneLeftAsync(_sleep);
        await Eventually.TrueAsync(
            async () =>
            {
                using var again = await _client.PostAsync("/run", Json("""{"language":"bash","code":"true"}"""), Cancelled);
                return again.StatusCode == HttpStatusCode.OK;
            },
            what: "A place that a run whose caller left gives back");
    }

    [Fact]
    public async Task Healthz_WithoutToken_AnswersOk()
    {
        _client.DefaultRequestHeaders.Authorization = null;

        Assert.Equal("OK", await _client.GetStringAsync("/healthz", Cancelled));
    }

    [Fact]
    public async Task Stop_WithTheToken_Exits()
    {
        using var response = await _client.PostAsync("/stop", null, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        await _exited.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
    }

    [Fact]
    public async Task Activity_WhileCodeRuns_IsZeroAndCountsAfterwards()
    {
        await foreach (var (name, _) in StreamAsync(new { language = "bash", code = "echo begun; sleep 0.3" }))
        {
            if (name == "stdout")
            {
                Assert.Equal(0, await IdleSecondsAsync());
            }
        }

        // Asking, a hundred times a second, does not count as activity.
        await Eventually.TrueAsync(async () => await IdleSecondsAsync() > 0.2, what: "A count of the idle time");
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static string Text(List<(string Name, JsonElement Data)> events, string name) =>
        string.Concat(events.Where(item => item.Name == name).Select(item => item.Data.GetString()));

    private async Task<double> IdleSecondsAsync() =>
        JsonDocument.Parse(await _client.GetStringAsync("/activity", Cancelled)).RootElement.GetDouble();

    private async Task<List<(string Name, JsonElement Data)>> RunAsync(object body)
    {
        var events = new List<(string, JsonElement)>();
        await foreach (var item in StreamAsync(body))
        {
            events.Add(item);
        }

        return events;
    }

    private async IAsyncEnumerable<(string Name, JsonElement Data)> StreamAsync(object body)
    {
        Components.RequireSubprocesses();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/run") { Content = Json(JsonSerializer.Serialize(body)) };
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        await using var stream = await response.Content.ReadAsStreamAsync(Cancelled);
        await foreach (var item in System.Net.ServerSentEvents.SseParser.Create(stream).EnumerateAsync(Cancelled))
        {
            yield return (item.EventType, JsonDocument.Parse(item.Data).RootElement);
        }
    }
}
