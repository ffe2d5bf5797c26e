using System.Diagnostics;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.ServiceDefaults;

namespace Orchestrator.Tests.Storage.Redis;

/// <summary>What the client of Redis brings into a process: its check, its traces, and no secret of its connection string.</summary>
public sealed class RedisHostingTests
{
    private const string Source = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_RedisKilledAndStartedAgain_SaysSoInOneCheck()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var api = await ApiHost.StartAsync($"--ConnectionStrings:redis={redis.ConnectionString}", "--Redis:CallTimeoutSeconds=1");
        await using var worker = await WorkerHost.StartAsync(
            redis.ConnectionString, "--Redis:CallTimeoutSeconds=1", $"--Tasks:ApiUrl={api.Sessions.BaseAddress}");
        await ReadyAsync(200, "ready", "healthy", "healthy");

        redis.Kill();
        await ReadyAsync(503, "unready", "unhealthy", "unhealthy");

        await redis.StartAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await api.Sessions.GetAsync("/ready", Cancel);
            using var other = await worker.Pod.GetAsync("/ready", Cancel);
            return answer.IsSuccessStatusCode && other.IsSuccessStatusCode;
        });
        await ReadyAsync(200, "ready", "healthy", "healthy");

        async Task ReadyAsync(int status, string ready, string state, string durability)
        {
            await api.Sessions.SendAsync(HttpMethod.Get, "/ready").AnswersAsync(
                status, $$"""{"status":"{{ready}}","checks":{"engine":"healthy","store":"{{state}}","durability":"{{durability}}"} }""");
            await worker.Pod.SendAsync(HttpMethod.Get, "/ready").AnswersAsync(
                status, $$"""{"status":"{{ready}}","checks":{"queue":"{{state}}","durability":"{{durability}}"} }""");
        }
    }

    [Fact]
    public async Task Ready_RedisRefusesWrites_IsUnready()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var api = await ApiHost.StartAsync($"--ConnectionStrings:redis={redis.ConnectionString}");
        await using var worker = await WorkerHost.StartAsync(redis.ConnectionString, $"--Tasks:ApiUrl={api.Sessions.BaseAddress}");
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET min-replicas-to-write 1"));

        var ready = await api.Sessions.SendAsync(HttpMethod.Get, "/ready").JsonAsync(503);
        var queue = await worker.Pod.SendAsync(HttpMethod.Get, "/ready").JsonAsync(503);

        Assert.Equal(("unhealthy", "unhealthy"), (ready["checks"]!.Text("store"), queue["checks"]!.Text("queue")));
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET min-replicas-to-write 0"));
        await api.Sessions.SendAsync(HttpMethod.Get, "/ready").JsonAsync(200);
        await worker.Pod.SendAsync(HttpMethod.Get, "/ready").JsonAsync(200);
    }

    [Fact]
    public async Task Traces_OfACall_HoldWhatItAskedOfRedis()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var redis = await RedisServer.StartNewAsync();
        await using (var api = await ApiHost.StartAsync([$"--ConnectionStrings:redis={redis.ConnectionString}", .. Collected(collector)]))
        {
            await api.Sessions.PostAsync("/task", """{"a":1,"b":2}""").JsonAsync(202);
        }

        Assert.Contains(Source, collector.Of("/v1/traces"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Traces_OfAWorkerWithNothingToDo_HoldNothingOfRedis()
    {
        var asked = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Source,
            Sample = (ref _) => ActivitySamplingResult.PropagationData,
            ActivityStopped = activity => Interlocked.Add(ref asked, activity.ParentSpanId == default ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);
        await using var collector = await OtlpReceiver.StartAsync();
        await using var redis = await RedisServer.StartNewAsync();
        await using (await WorkerHost.StartAsync(redis.ConnectionString, ["--Tasks:IdlePollSeconds=1", .. Collected(collector)]))
        {
            await Eventually.TrueAsync(async () => (await redis.AskAsync("ZCARD {orchestrator}:workers:1:seen")) == ":1");
        }

        Assert.NotEqual(0, asked);
        Assert.DoesNotContain(Source, collector.Of("/v1/traces"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wrong-S3cret", 503)]
    [InlineData("right-S3cret", 200)]
    public async Task Log_OfEverything_HoldsNoPassword(string password, int status)
    {
        await using var redis = await RedisServer.StartNewAsync();
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET requirepass right-S3cret"));
        await using var worker = await ServerProgram.StartWorkerAsync(
            $"{redis.ConnectionString},password={password}",
            "--Redis:CallTimeoutSeconds=1", "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:StackExchange.Redis=Trace");

        using var answer = await worker.Pod.GetAsync("/ready", Cancel);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains($"{redis.Port}", worker.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("S3cret", worker.Said, StringComparison.Ordinal);
    }

    private static string[] Collected(OtlpReceiver collector) =>
        [$"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"];
}
