using System.Net.Sockets;
using System.Text.Json.Nodes;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Faults;

/// <summary>An API and workers on a real Redis behind a relay, all of them processes.</summary>
public sealed class RedisFaultTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly List<ProgramProcess> _processes = [];
    private CallbackServer _callbacks = null!;
    private RedisServer _redis = null!;
    private SocketRelay _relay = null!;
    private Uri _api = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartNewAsync();
        _relay = new SocketRelay(_redis.Port);
        _relay.Open();
        _callbacks = await CallbackServer.StartAsync();
        var api = await StartAsync(
            "Orchestrator.Api", ("Engine", "process"), ("PORT", "0"), ("MACHINES_PORT", "0"), ("Storage__DataFolder", _folder.Path),
            ("Runners__Instance", $"faults-{_redis.Port}"), ("Runners__MinIdle", "0"), ("Machines__MinIdle", "0"));
        _api = api.AddressOf("sessions");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        if (_callbacks is not null)
        {
            await _callbacks.DisposeAsync();
        }

        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    [Fault("redis-slow", "store", "all traffic to and from Redis is delayed by 50 ms, then its connections break", "every acknowledged task completes")]
    public async Task Redis_SlowThenCut_NoAcknowledgedTaskIsLost()
    {
        await StartWorkerAsync();
        List<string> tasks = [];
        for (var i = 0; i < 60; i++)
        {
            _relay.Delay = TimeSpan.FromMilliseconds(i < 30 ? 50 : 0);
            if (i is 40 or 50)
            {
                _relay.BreakConnections();
            }

            if (await TrySubmitAsync($$$"""{"type":"add","input":{"a":{{{i}}},"b":1}}""") is { } id)
            {
                tasks.Add(id);
            }
        }

        Assert.NotEmpty(tasks);
        foreach (var id in tasks)
        {
            await CompletesAsync(id);
        }
    }

    [Fact]
    [Fault("redis-flushed", "store", "Redis is flushed with tasks in it", "flushed tasks are reported as not found; new ones work without a restart")]
    public async Task Redis_Flushed_WhatComesAfterWorks()
    {
        var lost = await TrySubmitAsync("""{"type":"add","input":{"a":1,"b":1}}""");
        await StartWorkerAsync();
        await CompletesAsync(lost!);
        await FlushAsync();

        using (var answer = await _client.GetAsync(new Uri(_api, $"/tasks/{lost}/status"), Cancel))
        {
            Assert.Equal(404, (int)answer.StatusCode);
        }

        for (var i = 0; i < 10; i++)
        {
            await CompletesAsync((await TrySubmitAsync($$$"""{"type":"fibonacci","input":{"n":{{{i}}}}}"""))!);
        }
    }

    [Fact]
    [Trait("Category", "Long")]
    [Fault("worker-killed-callback", "worker", "killed while it delivers a callback, before the answer", "another worker delivers the same callback once the first one's claim has expired")]
    public async Task Worker_KilledMidCallback_AnotherDelivers()
    {
        var worker = await StartWorkerAsync();
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _callbacks.Status = number =>
        {
            if (number > 1)
            {
                return 200;
            }

            worker.KillAsync().GetAwaiter().GetResult();
            taken.SetResult();
            return 500;
        };
        var id = await TrySubmitAsync($$"""{"type":"add","input":{"a":2,"b":3},"callback_url":"http://localhost:{{_callbacks.Port}}/told"}""");
        await taken.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await StartWorkerAsync();

        await Eventually.TrueAsync(() => _callbacks.Calls.Count >= 2, TimeSpan.FromSeconds(120), "The second delivery");
        var calls = _callbacks.Calls.ToList();
        Assert.Equal(calls[0].Body, calls[1].Body);
        await CompletesAsync(id!);
    }

    private Task<ProgramProcess> StartWorkerAsync() => StartAsync("Orchestrator.Worker");

    private async Task<ProgramProcess> StartAsync(string program, params (string, string)[] more)
    {
        var process = await ProgramProcess.StartAsync(
            program,
            [
                ("ASPNETCORE_ENVIRONMENT", "Development"), ("POD_PORT", "0"), ("ConnectionStrings__redis", $"127.0.0.1:{_relay.Port}"),
                ("Tasks__IdlePollSeconds", "1"), ("Tasks__VisibilitySeconds", "5"), ("Callbacks__Allowed__0", $"localhost:{_callbacks.Port}"),
                ("Logging__LogLevel__Default", "Error"), .. more,
            ]);
        _processes.Add(process);
        return process;
    }

    /// <summary>The task's id; null when it was not taken in.</summary>
    private async Task<string?> TrySubmitAsync(string body)
    {
        using var answer = await _client.PostAsync(new Uri(_api, "/task"), new StringContent(body), Cancel);
        Assert.True((int)answer.StatusCode is 202 or 503, $"{answer.StatusCode}");
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!.Text("task_id") : null;
    }

    private Task CompletesAsync(string id) => Eventually.TrueAsync(
        async () =>
        {
            using var answer = await _client.GetAsync(new Uri(_api, $"/tasks/{id}/status"), Cancel);
            return answer.IsSuccessStatusCode && JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!.Text("status") == "complete";
        },
        TimeSpan.FromSeconds(60), $"The end of {id}");

    private async Task FlushAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _redis.Port, Cancel);
        await client.GetStream().WriteAsync("FLUSHALL\r\n"u8.ToArray(), Cancel);
        var answer = new byte[5];
        await client.GetStream().ReadExactlyAsync(answer, Cancel);
        Assert.Equal("+OK\r\n"u8.ToArray(), answer);
    }
}
