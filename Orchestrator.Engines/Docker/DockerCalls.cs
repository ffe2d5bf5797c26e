using System.Net.Sockets;
using Docker.DotNet;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Resilience;
using Polly;
using Polly.CircuitBreaker;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// The only way to the engine: every call has a time limit, reports failures in our own exceptions, and fails at once
/// while the engine is known to be down. The engine's refusals (<see cref="DockerApiException"/>) pass.
/// </summary>
internal sealed partial class DockerCalls : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly IDockerClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<DockerCalls> _logger;
    private readonly Uri _endpoint;
    private readonly ResiliencePipeline _once;
    private readonly ResiliencePipeline _repeated;

    public DockerCalls(IDockerClient client, IOptions<DockerOptions> options, TimeProvider time, ILogger<DockerCalls> logger)
    {
        _client = client;
        _time = time;
        _logger = logger;
        Options = options.Value;
        _endpoint = DockerEndpoint.Resolve(Options);
        var down = new PredicateBuilder().Handle<EngineUnavailableException>();
        _once = ResilienceDefaults.Guard("engine", time)
            .AddBreaker(down, error => Opened(_endpoint, error?.Message), () => Closed(_endpoint))
            .Build();
        _repeated = ResilienceDefaults.Guard("engine", time)
            .AddBoundedRetry(down, FirstPause)
            .AddPipeline(_once)
            .Build();
    }

    /// <summary>The time limits.</summary>
    public DockerOptions Options { get; }

    /// <summary>Makes a call that must not be repeated.</summary>
    /// <param name="what">The action, for messages and the log.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="EngineUnavailableException">The engine is unreachable, or took longer than the limit.</exception>
    /// <exception cref="DockerApiException">The engine refused.</exception>
    public Task<T> OnceAsync<T>(string what, TimeSpan limit, Func<IDockerClient, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        ThroughAsync(_once, what, limit, call, cancellationToken);

    /// <inheritdoc cref="OnceAsync{T}"/>
    public Task OnceAsync(string what, TimeSpan limit, Func<IDockerClient, CancellationToken, Task> call, CancellationToken cancellationToken) =>
        ThroughAsync(_once, what, limit, Void(call), cancellationToken);

    /// <summary>Makes an idempotent call: retried twice, after short pauses, while the engine is unreachable.</summary>
    /// <inheritdoc cref="OnceAsync{T}"/>
    public Task<T> RepeatedAsync<T>(string what, Func<IDockerClient, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        ThroughAsync(_repeated, what, Options.CallTimeout, call, cancellationToken);

    /// <inheritdoc cref="RepeatedAsync{T}"/>
    public Task RepeatedAsync(string what, Func<IDockerClient, CancellationToken, Task> call, CancellationToken cancellationToken) =>
        ThroughAsync(_repeated, what, Options.CallTimeout, Void(call), cancellationToken);

    /// <summary>Makes a call that lasts as long as its stream: no limit, no breaker, our own exceptions.</summary>
    /// <inheritdoc cref="OnceAsync{T}"/>
    public async Task StreamAsync(string what, Func<IDockerClient, CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await call(_client, cancellationToken);
        }
        catch (Exception error) when (error is not DockerApiException and not EngineException)
        {
            throw Translated(error, what, null, limitReached: false, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();

    private static Func<IDockerClient, CancellationToken, Task<bool>> Void(Func<IDockerClient, CancellationToken, Task> call) =>
        async (client, cancellationToken) =>
        {
            await call(client, cancellationToken);
            return true;
        };

    private async Task<T> ThroughAsync<T>(
        ResiliencePipeline pipeline, string what, TimeSpan limit, Func<IDockerClient, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(
                static (s, token) => new ValueTask<T>(s.Self.LimitedAsync(s.what, s.limit, s.call, token)),
                (Self: this, what, limit, call),
                cancellationToken);
        }
        catch (BrokenCircuitException error)
        {
            throw new EngineUnavailableException($"The engine at {_endpoint} can't be reached ({what} not attempted).", error);
        }
    }

    private async Task<T> LimitedAsync<T>(
        string what, TimeSpan limit, Func<IDockerClient, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var began = _time.GetTimestamp();
        Task<T>? calling = null;
        try
        {
            // The transport may connect without checking the token; the wait is bounded all the same.
            calling = call(_client, either.Token);
            var result = await calling.WaitAsync(either.Token);
            Called(what, _time.GetElapsedTime(began).TotalMilliseconds);
            return result;
        }
        catch (Exception error) when (error is not DockerApiException and not EngineException)
        {
            if (calling is not null)
            {
                _ = DisposeLateAsync(calling);
            }

            var translated = Translated(error, what, limit, timer.IsCancellationRequested, cancellationToken);
            Failed(what, _time.GetElapsedTime(began).TotalMilliseconds, translated.Message);
            throw translated;
        }
        catch (DockerApiException error)
        {
            Failed(what, _time.GetElapsedTime(began).TotalMilliseconds, error.Text());
            throw;
        }
    }

    // A stream that arrives after its caller left is a connection, and an exec would take it for its caller.
    private static async Task DisposeLateAsync<T>(Task<T> calling)
    {
        await ((Task)calling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (calling is { IsCompletedSuccessfully: true, Result: IDisposable late })
        {
            late.Dispose();
        }
    }

    // Transports wrap a cancellation in their own exceptions, so only the tokens show what happened.
    private Exception Translated(Exception error, string what, TimeSpan? limit, bool limitReached, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return new OperationCanceledException(error.Message, error, cancellationToken);
        }

        if (limitReached)
        {
            return new EngineUnavailableException($"The engine at {_endpoint} did not answer within {limit?.TotalSeconds} s ({what}).", error);
        }

        return error is HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException
            or AggregateException or System.Security.Authentication.AuthenticationException or ObjectDisposedException
            ? new EngineUnavailableException($"The engine at {_endpoint} can't be reached ({what}): {error.GetBaseException().Message}", error)
            : new EngineException($"The engine's answer to {what} can't be used: {error.Message}", error);
    }

    [LoggerMessage(1300, LogLevel.Debug, "Engine: {What} took {Milliseconds:F1} ms")]
    private partial void Called(string what, double milliseconds);

    [LoggerMessage(1303, LogLevel.Debug, "Engine: {What} failed after {Milliseconds:F1} ms: {Reason}")]
    private partial void Failed(string what, double milliseconds, string reason);

    [LoggerMessage(1301, LogLevel.Warning, "Engine at {Endpoint} down; calls fail at once until it answers again: {Reason}")]
    private partial void Opened(Uri endpoint, string? reason);

    [LoggerMessage(1302, LogLevel.Information, "Engine at {Endpoint} answers again")]
    private partial void Closed(Uri endpoint);
}
