using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>The calls over an API and a worker that share nothing but a real Redis.</summary>
public sealed class DistributedTaskCallsTests : TaskCallsContract
{
    private RedisServer? _redis;
    private ApiHost? _api;
    private WorkerHost? _worker;

    protected override HttpClient Sessions => _api!.Sessions;

    protected override HttpClient Pod => _worker!.Pod;

    protected override async Task StartAsync(params string[] settings)
    {
        _redis = await RedisServer.StartNewAsync();
        _api = await ApiHost.StartAsync([.. settings, $"--ConnectionStrings:redis={_redis.ConnectionString}", "--Redis:CallTimeoutSeconds=2"]);
        _worker = await WorkerHost.StartAsync(
            _redis.ConnectionString, [.. settings, "--Redis:CallTimeoutSeconds=2", $"--Tasks:ApiUrl={_api.Sessions.BaseAddress}"]);
    }

    protected override async Task StopAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task Valkey_Answers()
    {
        var me = await WhoAmIAsync();

        await Sessions.SendAsync(HttpMethod.Get, "/valkey_test").AnswersAsync(200,
            $$"""{"valkey_ok":true,"read_value":{"message":"hello from valkey"},"handled_by":"{{me}}"}""");
    }

    [Fact]
    public async Task Task_Run_IsRunInARunnerOfTheApi()
    {
        var status = await EndOfAsync(await SubmitAsync("""{"type":"run","input":{"command":["echo","hi"]}}"""));

        Assert.Equal("complete", status.Text("status"));
        var runners = await Sessions.SendAsync(HttpMethod.Get, "/api/runner").JsonAsync(200);
        Assert.DoesNotContain(runners["runners"]!.AsArray(), runner => runner!["owner"] is not null);
    }

    [Fact]
    [Fault("redis-gone", "store", "Redis is gone while the API serves", "503 with Retry-After until it is back")]
    public async Task Redis_Gone_Is503UntilItIsBack()
    {
        var before = await SubmitAsync("""{"a":1,"b":2}""");
        await EndOfAsync(before);
        _redis!.Kill();

        using (var response = await Sessions.PostAsync("/task", """{"a":1,"b":2}"""))
        {
            Assert.Equal(503, (int)response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
        }

        await Sessions.SendAsync(HttpMethod.Get, $"/tasks/{before}/status").FailsAsync(503, "STORE_UNAVAILABLE");
        await Sessions.SendAsync(HttpMethod.Get, "/valkey_test").JsonAsync(503);
        await Sessions.SendAsync(HttpMethod.Get, "/add?a=1&b=2").JsonAsync(200);
        await _redis.StartAsync();

        await Eventually.TrueAsync(async () =>
        {
            using var response = await Sessions.PostAsync("/task", """{"a":1,"b":2}""");
            return (int)response.StatusCode == 202;
        });
        Assert.Equal("complete", (await EndOfAsync(await SubmitAsync("""{"a":2,"b":2}"""))).Text("status"));
        Assert.Equal("complete", (await EndOfAsync(before)).Text("status"));
    }
}
