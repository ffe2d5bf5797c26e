using System.Text;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

/// <summary>Followers of one log.</summary>
public sealed class LogFeedTests
{
    private readonly SimulatedEngine _engine = new() { LogGoesOn = true };
    private readonly LogFeeds _feeds;

    public LogFeedTests() => _feeds = new LogFeeds(_engine.Connect());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Follow_ByTwo_TakesOneStreamAndLosesNothing()
    {
        _engine.Log = "one\ntwo\nthree";
        await using var first = new Follower(_feeds, null);
        await first.HasAsync("one\ntwo\nthree");
        _engine.AppendLog("\nfour\n");
        await first.HasAsync("one\ntwo\nthree\nfour\n");

        await using var second = new Follower(_feeds, 2);
        await second.HasAsync("three\nfour\n");
        _engine.AppendLog("five");
        await first.HasAsync("one\ntwo\nthree\nfour\nfive");
        await second.HasAsync("three\nfour\nfive");

        Assert.Equal((1, 1), _engine.LogStreams);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "b")]
    [InlineData(2, "a\nb")]
    [InlineData(9, "\na\nb")]
    public async Task Follow_WithATail_BeginsWithTheLastLines(int tail, string begins)
    {
        _engine.Log = "\na\nb";
        await using var follower = new Follower(_feeds, tail);
        await Eventually.TrueAsync(() => _engine.LogStreams.Now == 1);
        await follower.BeganAsync();

        _engine.AppendLog("c\n");

        await follower.HasAsync(begins + "c\n");
    }

    [Fact]
    public async Task Follow_WhileMuchIsWritten_GivesEveryoneEveryByteOnce()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writing = Task.Run(
            async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    _engine.AppendLog($"line {i}\n");
                    await Task.Yield();
                }
            },
            Cancel);
        for (var round = 0; round < 20; round++)
        {
            await using var first = new Follower(_feeds, null);
            await first.BeganAsync();
            await using var second = new Follower(_feeds, null);
            await second.BeganAsync();
            if (round == 19)
            {
                await stop.CancelAsync();
                await writing;
                await first.HasAsync(_engine.Log);
                await second.HasAsync(_engine.Log);
            }
        }

        Assert.Equal(1, _engine.LogStreams.Most);
        Assert.Equal(0, _engine.LogStreams.Now);
    }

    [Fact]
    public async Task Follow_ByAThird_IsRefusedUntilOneLeaves()
    {
        _engine.Log = "a";
        await using var first = new Follower(_feeds, null);
        await using (var second = new Follower(_feeds, null))
        {
            await second.HasAsync("a");
            await Assert.ThrowsAsync<LogFollowersException>(() => _feeds.FollowAsync("runner", null, new TextOutput(), Cancel));
            await using var other = new Follower(_feeds, null, "another");
            await other.HasAsync("a");
        }

        await using var third = new Follower(_feeds, null);
        await third.HasAsync("a");
    }

    [Fact]
    public async Task Follow_ReadByNobody_HoldsOnlyUntilItLeaves()
    {
        await using var first = new Follower(_feeds, 0);
        await first.BeganAsync();
        await using (var stuck = new Follower(_feeds, 0, stuck: true))
        {
            await stuck.BeganAsync();
            for (var i = 0; i < 50; i++)
            {
                _engine.AppendLog($"{i}\n");
            }
        }

        await first.HasAsync(string.Concat(Enumerable.Range(0, 50).Select(i => $"{i}\n")));
    }

    [Fact]
    public async Task Follow_EngineFails_FailsForAllAndAnew()
    {
        _engine.Available = false;

        await Assert.ThrowsAsync<EngineUnavailableException>(() => _feeds.FollowAsync("runner", null, new TextOutput(), Cancel));

        _engine.Available = true;
        _engine.Log = "back";
        await using var follower = new Follower(_feeds, null);
        await follower.HasAsync("back");
    }

    [Fact]
    public async Task Logs_FollowedThreeTimes_ThirdIs429()
    {
        await using var api = await ApiHost.StartAsync(engine => (engine.Log, engine.LogGoesOn) = ("a\n", true));
        await api.Sessions.PostAsync("/api/runner/provision", """{"sessionId":"s"}""").JsonAsync(201);
        using var first = await OpenAsync(api);
        using var second = await OpenAsync(api);

        using var third = await api.Sessions.GetAsync(new Uri("/api/runner/s/logs?follow=true", UriKind.Relative), Cancel);
        Assert.NotNull(third.Headers.RetryAfter);
        await Task.FromResult(third).FailsAsync(429, "QUOTA_EXCEEDED");
        Assert.Equal("a\n", await api.Sessions.GetStringAsync(new Uri("/api/runner/s/logs", UriKind.Relative), Cancel));

        second.Dispose();
        await Eventually.TrueAsync(async () =>
        {
            using var again = await OpenAsync(api);
            return again.IsSuccessStatusCode;
        });
    }

    private static Task<HttpResponseMessage> OpenAsync(ApiHost api) => api.Sessions.GetAsync(
        new Uri("/api/runner/s/logs?follow=true", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);

    private sealed class Follower : IExecOutput, IAsyncDisposable
    {
        private readonly StringBuilder _text = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _began = new();
        private readonly bool _stuck;
        private readonly Task _following;

        public Follower(LogFeeds feeds, int? tail, string handle = "runner", bool stuck = false)
        {
            _stuck = stuck;
            _following = feeds.FollowAsync(handle, tail, this, _stop.Token);
        }

        public Task BeganAsync() => _began.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        public Task HasAsync(string text) => Eventually.TrueAsync(
            () =>
            {
                lock (_text)
                {
                    return _text.Length == text.Length && _text.ToString() == text;
                }
            },
            TimeSpan.FromSeconds(20), "The whole log");

        public ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            _began.TrySetResult();
            return ValueTask.CompletedTask;
        }

        public async ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            if (_stuck)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            lock (_text)
            {
                _text.Append(Encoding.UTF8.GetString(data.Span));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
