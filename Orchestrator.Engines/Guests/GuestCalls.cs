using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>HTTP calls to one runner's guest over pooled connections. Nothing that the guest answers is trusted.</summary>
internal sealed class GuestCalls : IDisposable
{
    private const int MaxErrorBytes = 16 << 10;
    private const int MaxAnswerBytes = 32 << 20;
    private const string Json = "application/json";

    private static readonly Uri Base = new("http://guest/");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    private readonly HttpMessageInvoker _http;
    private readonly IGuestConnector _connector;
    private readonly RunnerPlacement _placement;
    private readonly AuthenticationHeaderValue _token;
    private readonly TimeProvider _time;

    public GuestCalls(IGuestConnector connector, IRunnerEngine engine, Runner runner, string token, TimeProvider time)
    {
        (_connector, _placement, _time, RunnerId) = (connector, runner.Placement!, time, runner.Id);
        _token = new AuthenticationHeaderValue("Bearer", token);
        Look = new GuestLook(engine, runner, time);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellationToken) => ConnectAsync(cancellationToken),
            ConnectTimeout = ConnectLimit * 2,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            Expect100ContinueTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            MeterFactory = UnusedMeters.Instance,
            MaxResponseHeadersLength = 16,
            ResponseDrainTimeout = TimeSpan.Zero,
        });
    }

    /// <summary>The runner's id.</summary>
    public string RunnerId { get; }

    /// <summary>Asks the engine about the runner.</summary>
    public GuestLook Look { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time => _time;

    public void Dispose() => _http.Dispose();

    /// <summary>Makes a call with a JSON answer.</summary>
    public async Task<TAnswer> CallAsync<TRequest, TAnswer>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
    {
        using var message = NewRequest(HttpMethod.Post, path, Serialize(request, requestType, Json));
        using var response = await SendAsync(message, cancellationToken);
        var body = await ReadAsync(response, MaxAnswerBytes, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(body, answerType) ?? throw new RunnerMisbehavedException($"The guest answered null to {path}.");
        }
        catch (JsonException error)
        {
            throw new RunnerMisbehavedException($"The guest's answer to {path} is not the JSON expected: {error.Message}", error);
        }
    }

    /// <summary>Makes a call whose answer says no more than that it was done.</summary>
    public async Task CallAsync<TRequest>(string path, TRequest request, JsonTypeInfo<TRequest> requestType, CancellationToken cancellationToken)
    {
        using var message = NewRequest(HttpMethod.Post, path, Serialize(request, requestType, Json));
        using var response = await SendAsync(message, cancellationToken);
        await ReadAsync(response, MaxErrorBytes, cancellationToken);
    }

    /// <summary>Begins a call with a stream of messages.</summary>
    /// <param name="path">The call.</param>
    /// <param name="request">Its request.</param>
    /// <param name="requestType">The request's JSON type.</param>
    /// <param name="limit">The value of <c>Connect-Timeout-Ms</c>; null for none.</param>
    /// <param name="keepAlive">The seconds of silence after which the guest says that it lives.</param>
    /// <param name="cancellationToken">Stops waiting for the answer's head.</param>
    public async Task<GuestStream> OpenAsync<TRequest>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, TimeSpan? limit, int keepAlive, CancellationToken cancellationToken)
    {
        var message = NewRequest(HttpMethod.Post, path, GuestStream.Envelope(Serialize(request, requestType, Json)));
        message.Headers.Add("Connect-Protocol-Version", "1");
        message.Headers.Add("Keepalive-Ping-Interval", $"{keepAlive}");
        if (limit is { } timeout)
        {
            message.Headers.Add("Connect-Timeout-Ms", $"{Math.Max(1, (long)timeout.TotalMilliseconds)}");
        }

        try
        {
            var response = await SendAsync(message, cancellationToken);
            return new GuestStream(this, response, await response.Content.ReadAsStreamAsync(cancellationToken));
        }
        finally
        {
            message.Dispose();
        }
    }

    /// <summary>A request to the guest. Its body is sent when the guest asks for it: a frozen one never takes up a call that failed.</summary>
    public HttpRequestMessage NewRequest(HttpMethod method, string path, HttpContent? body = null) => new(method, new Uri(Base, path))
    {
        Content = body,
        Headers = { Authorization = _token, ExpectContinue = body is not null ? true : null },
    };

    /// <summary>Sends a request and waits for the head of its answer, for as long as the runner runs.</summary>
    /// <exception cref="GuestRefusedException">The guest refused.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = _http.SendAsync(request, stop.Token);
        HttpResponseMessage response;
        try
        {
            response = await WaitAsync(sending, cancellationToken);
        }
        catch (Exception error)
        {
            await stop.CancelAsync();
            _ = sending.ContinueWith(DisposeLate, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw await TranslateAsync(error, cancellationToken);
        }

        if ((int)response.StatusCode < 400 || response.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return response;
        }

        using (response)
        {
            throw await RefusalAsync(response, cancellationToken);
        }
    }

    /// <summary>The error of a broken connection, in our own exceptions.</summary>
    public async Task<Exception> TranslateAsync(Exception error, CancellationToken cancellationToken) => error switch
    {
        EngineException => error,
        _ when cancellationToken.IsCancellationRequested => new OperationCanceledException(error.Message, error, cancellationToken),
        HttpRequestException { InnerException: EngineException inner } => inner,
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
            new RunnerMisbehavedException($"The guest does not speak HTTP: {error.Message}", error),
        HttpRequestException or IOException or ObjectDisposedException or OperationCanceledException => await Look.ExplainAsync(error, cancellationToken),
        _ => error,
    };

    private async Task<HttpResponseMessage> WaitAsync(Task<HttpResponseMessage> sending, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        for (var patience = Patience; ; patience = patience < LongestPatience ? patience * 2 : patience)
        {
            try
            {
                return await sending.WaitAsync(patience, _time, cancellationToken);
            }
            catch (TimeoutException) when (!sending.IsCompleted)
            {
                await Look.RequireRunningAsync(cancellationToken);
                if (_time.GetElapsedTime(began) > AnswerLimit)
                {
                    throw new EngineUnavailableException($"The runner's guest did not answer within {AnswerLimit.TotalSeconds} s.");
                }
            }
        }
    }

    // A runner's program listens a moment after its start.
    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return await _connector.ConnectAsync(_placement, cancellationToken);
            }
            catch (IOException) when (_time.GetElapsedTime(began) < ConnectLimit)
            {
                await Look.RequireRunningAsync(cancellationToken);
                await Task.Delay(ConnectPause, _time, cancellationToken);
            }
        }
    }

    private async Task<Exception> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        WireErrorAnswer? answer = null;
        try
        {
            answer = JsonSerializer.Deserialize(await ReadAsync(response, MaxErrorBytes, cancellationToken), GuestJson.Default.WireErrorAnswer);
        }
        catch (JsonException)
        {
            // Not the guest's own words; the status says enough.
        }

        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            // Another program answers at a port that a dead runner had.
            await Look.RequireRunningAsync(cancellationToken);
        }

        return GuestErrors.Of(answer, (int)response.StatusCode);
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var kept = new MemoryStream();
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var buffer = new byte[16 << 10];
            while (await body.ReadAsync(buffer, either.Token) is > 0 and var count)
            {
                if (kept.Length + count > maxBytes)
                {
                    throw new RunnerMisbehavedException($"The guest's answer is longer than {maxBytes} bytes.");
                }

                kept.Write(buffer, 0, count);
            }
        }
        catch (Exception error) when (error is not EngineException)
        {
            throw await TranslateAsync(error, cancellationToken);
        }

        return kept.ToArray();
    }

    private static ByteArrayContent Serialize<T>(T value, JsonTypeInfo<T> type, string mediaType) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };

    private static void DisposeLate(Task<HttpResponseMessage> sent)
    {
        if (sent.IsCompletedSuccessfully)
        {
            sent.Result.Dispose();
        }
        else
        {
            _ = sent.Exception;
        }
    }
}
