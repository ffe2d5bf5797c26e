using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Core.Leasing;
using Orchestrator.ServiceDefaults.Listeners;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>
/// A warm provision by one caller at rest, on the simulated engine: with its deferred work (metrics, log, refill) started
/// after the answer is sent, started by a timer of the call, and done within the call.
/// </summary>
internal static class DeferredBenchmark
{
    // A caller at rest: the refill has ended.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    public static async Task<IReadOnlyList<Comparison>> RunAsync(bool quick)
    {
        var output = Console.Out;
        await using var log = new StreamWriter("/dev/null") { AutoFlush = true };
        Console.SetOut(log);
        await using var ours = await Server.StartAsync(_ => { });
        await using var byCall = await Server.StartAsync(services => services.AddSingleton<IStartupFilter, CompletedAtOnce>());
        await using var within = await Server.StartAsync(services => services
            .AddSingleton<IStartupFilter, CompletedAtOnce>()
            .AddSingleton(new DeferredWork(new TimerlessTime())));
        var all = new (Server Server, Samples Samples)[]
        {
            (ours, new Samples("after the answer is sent")),
            (byCall, new Samples("by a timer that the call sets")),
            (within, new Samples("by the call itself")),
        };
        for (var round = -30; round < (quick ? 40 : 300); round++)
        {
            for (var turn = 0; turn < all.Length; turn++)
            {
                var (server, samples) = all[(turn + round + 30) % all.Length];
                await Task.Delay(Rest);
                await (round < 0 ? new Samples("") : samples).TimeInMicrosecondsAsync(server.ProvisionAsync);
                await server.ReleaseAsync();
            }
        }

        Console.SetOut(output);
        const string Title = "Warm provision over HTTP at rest, what follows it done";
        return
        [
            Comparison.Part($"{Title} later: beside a timer set by the call", all[0].Samples, all[1].Samples, "µs"),
            Comparison.Part($"{Title} later: beside doing it at once", all[0].Samples, all[2].Samples, "µs"),
        ];
    }

    private sealed class Server(WebApplication app, DirectoryInfo data) : IAsyncDisposable
    {
        private readonly HttpClient _client = new()
        {
            BaseAddress = new Uri($"http://127.0.0.1:{app.Services.GetRequiredService<OpenListeners>().PortOf(Listener.Sessions)}"),
            DefaultRequestHeaders = { { "X-Session-Id", "caller" } },
        };

        public static async Task<Server> StartAsync(Action<IServiceCollection> change)
        {
            var data = Directory.CreateTempSubdirectory("orchestrator-bench-");
            var builder = ApiProcess.CreateBuilder(
            [
                "--Engine=docker", "--environment=Development", "--PORT=0", "--MACHINES_PORT=0", "--POD_PORT=0", "--Machines:MinIdle=0", "--Runners:Instance=bench-deferred",
                "--Runners:MinIdle=5", $"--Storage:DataFolder={data.FullName}",
            ]);
            builder.Services.AddSingleton(new SimulatedEngine().Connect());
            change(builder.Services);
            var app = ApiProcess.Build(builder);
            await app.StartAsync();
            return new Server(app, data);
        }

        public Task ProvisionAsync() => PostAsync("/api/runner/provision");

        public Task ReleaseAsync() => PostAsync("/api/runner/deprovision");

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await app.DisposeAsync();
            data.Delete(recursive: true);
        }

        private async Task PostAsync(string path)
        {
            using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), null);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        }
    }

    // Work registered for a response's end runs at once.
    private sealed class CompletedAtOnce : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Features.Set<IHttpResponseFeature>(new Response(context.Features.GetRequiredFeature<IHttpResponseFeature>()));
                return rest(context);
            });
            next(app);
        };

        private sealed class Response(IHttpResponseFeature inner) : IHttpResponseFeature
        {
            public int StatusCode { get => inner.StatusCode; set => inner.StatusCode = value; }

            public string? ReasonPhrase { get => inner.ReasonPhrase; set => inner.ReasonPhrase = value; }

            public Microsoft.AspNetCore.Http.IHeaderDictionary Headers { get => inner.Headers; set => inner.Headers = value; }

#pragma warning disable CS0618 // a member of the interface
            public Stream Body { get => inner.Body; set => inner.Body = value; }
#pragma warning restore CS0618

            public bool HasStarted => inner.HasStarted;

            public void OnStarting(Func<object, Task> callback, object state) => inner.OnStarting(callback, state);

            public void OnCompleted(Func<object, Task> callback, object state) => callback(state).GetAwaiter().GetResult();
        }
    }

    // A timer runs its work at once.
    private sealed class TimerlessTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(callback, state);

        private sealed class Timer(TimerCallback callback, object? state) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                callback(state);
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
