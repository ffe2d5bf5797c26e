using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Resilience;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Polly;

namespace Orchestrator.Worker.Runners;

/// <summary>Leases runners for tasks over an API's session calls.</summary>
internal sealed partial class RemoteTaskRunners : ITaskRunners, IDisposable
{
    private static readonly TimeSpan CallReserve = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(30);

    // Some six seconds in all: an API that is restarted is back by then.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private const int Retries = 5;

    private readonly HttpClient _client;
    private readonly ILogger<RemoteTaskRunners> _logger;
    private readonly ResiliencePipeline _repeated;

    public RemoteTaskRunners(RemoteRunnersOptions options, TimeProvider time, ILogger<RemoteTaskRunners> logger)
    {
        _logger = logger;
        _repeated = ResilienceDefaults.Guard("api", time)
            .AddBoundedRetry(new PredicateBuilder().Handle<HttpRequestException>(IsPassing), FirstPause, Retries)
            .Build();
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = new Uri(options.ApiUrl.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (!string.IsNullOrEmpty(options.ApiKey))
        {
            _client.DefaultRequestHeaders.Add("X-Api-Key", options.ApiKey);
        }
    }

    // The API leases for the tenant of this worker's key, whoever's task it is.
    public async Task<TaskRunOutput> RunAsync(Tenant tenant, string taskId, ExecRequest command, CancellationToken cancellationToken)
    {
        // A session of its own for every attempt: one that was taken up elsewhere must not lose its runner to the first.
        var session = $"task-{taskId}-{Guid.NewGuid():N}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(command.Timeout + CallReserve);
        try
        {
            var lease = await _repeated.ExecuteAsync(
                async token => await PostAsync("api/runner/provision", new Session(session), RemoteJson.Default.Session, RemoteJson.Default.Session, token),
                limit.Token);
            var output = await PostAsync(
                $"api/runner/{lease.SessionId}/exec",
                new Exec(command.Command, command.Stdin, command.Environment, command.Timeout.TotalSeconds),
                RemoteJson.Default.Exec, RemoteJson.Default.TaskRunOutput, limit.Token);
            return Bounded(output, command.MaxOutputBytes);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            throw new TaskFailedException($"The API could not run the command: {e.Message}", retry: true, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TaskFailedException("The API did not answer in time.", retry: true, e);
        }
        finally
        {
            await ReleaseAsync(session);
        }
    }

    public void Dispose() => _client.Dispose();

    // Not reached, or told to come again: 429, 502, 503 or 504.
    private static bool IsPassing(HttpRequestException error) =>
        error.StatusCode is null or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static TaskRunOutput Bounded(TaskRunOutput output, int bytes)
    {
        var (stdout, stderr) = (Cut(output.Stdout, bytes), Cut(output.Stderr, bytes));
        return output with { Stdout = stdout, Stderr = stderr, Truncated = output.Truncated || stdout != output.Stdout || stderr != output.Stderr };
    }

    private static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
        {
            return text;
        }

        var utf8 = Encoding.UTF8.GetBytes(text).AsSpan(0, bytes);
        while (utf8.Length > 0 && (utf8[^1] & 0xC0) == 0x80)
        {
            utf8 = utf8[..^1];
        }

        return Encoding.UTF8.GetString(utf8.Length > 0 ? utf8[..^1] : utf8);
    }

    private async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path,
        TBody body,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<TBody> bodyType,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellationToken)
    {
        using var response = await _client.PostAsJsonAsync(path, body, bodyType, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return await response.Content.ReadFromJsonAsync(answerType, cancellationToken) ?? throw new JsonException("The answer was empty.");
        }

        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new HttpRequestException($"{(int)response.StatusCode} {(text.Length <= 300 ? text : text[..300])}", null, response.StatusCode);
    }

    private async Task ReleaseAsync(string session)
    {
        using var limit = new CancellationTokenSource(ReleaseTime);
        try
        {
            await _repeated.ExecuteAsync(
                async token =>
                {
                    using var response = await _client.PostAsJsonAsync("api/runner/deprovision", new Session(session), RemoteJson.Default.Session, token);
                    if (response.StatusCode != HttpStatusCode.NotFound)
                    {
                        response.EnsureSuccessStatusCode();
                    }
                },
                limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Its lease ends by itself: nobody keeps it alive any more.
            LogNotReleased(session, e.Message);
        }
    }

    [LoggerMessage(1600, LogLevel.Warning, "The runner of session {Session} was not given back and is left to expire: {Error}")]
    private partial void LogNotReleased(string session, string error);

    internal sealed record Session(string SessionId);

    internal sealed record Exec(
        IReadOnlyList<string> Command, string? Stdin, IReadOnlyDictionary<string, string> Env, double TimeoutSeconds);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RemoteTaskRunners.Session))]
[JsonSerializable(typeof(RemoteTaskRunners.Exec))]
[JsonSerializable(typeof(TaskRunOutput))]
internal sealed partial class RemoteJson : JsonSerializerContext;
