using System.Net;
using System.Text;
using System.Text.Json;
using Orchestrator.Client;
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

    // Some six seconds in all: a restarted API is back by then.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private const int Retries = 5;

    private readonly OrchestratorClient _client;
    private readonly ILogger<RemoteTaskRunners> _logger;
    private readonly ResiliencePipeline _repeated;

    public RemoteTaskRunners(RemoteRunnersOptions options, TimeProvider time, ILogger<RemoteTaskRunners> logger)
    {
        _logger = logger;
        _repeated = ResilienceDefaults.Guard("api", time)
            .AddBoundedRetry(new PredicateBuilder().Handle<HttpRequestException>().Handle<OrchestratorException>(IsPassing), FirstPause, Retries)
            .Build();
        _client = new OrchestratorClient(new OrchestratorClientOptions
        {
            SessionsAddress = new Uri(options.ApiUrl),
            ApiKey = string.IsNullOrEmpty(options.ApiKey) ? null : options.ApiKey,
        });
    }

    // The API leases for the tenant of this worker's key, not for the task's.
    public async Task<TaskRunOutput> RunAsync(Tenant tenant, string taskId, ExecRequest command, CancellationToken cancellationToken)
    {
        // Each attempt has its own session: an attempt that another worker took over must not lose its runner to the first.
        var session = $"task-{taskId}-{Guid.NewGuid():N}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(command.Timeout + CallReserve);
        try
        {
            var lease = await _repeated.ExecuteAsync(
                async token => await _client.Sessions.ProvisionAsync(session, cancellationToken: token), limit.Token);
            var output = await _client.Sessions.ExecAsync(lease.SessionId, BodyOf(command), limit.Token);
            return Bounded(output, command.MaxOutputBytes);
        }
        catch (Exception e) when (e is OrchestratorException or HttpRequestException or IOException or JsonException)
        {
            throw new TaskFailedException($"The API could not run the command: {e.Message}", retry: true, e);
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new TaskFailedException("The API did not answer in time.", retry: true, e);
        }
        finally
        {
            await ReleaseAsync(session);
        }
    }

    public void Dispose() => _client.Dispose();

    // Worth a retry.
    private static bool IsPassing(OrchestratorException error) =>
        error.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static ExecBody BodyOf(ExecRequest command) => new(
        command.Code is null ? command.Command : null,
        command.Stdin,
        command.Environment.ToDictionary(variable => variable.Key, string? (variable) => variable.Value, StringComparer.Ordinal),
        command.Timeout.TotalSeconds,
        command.WorkingDirectory,
        Language: command.Code?.Language,
        Code: command.Code?.Text);

    private static TaskRunOutput Bounded(ExecResponse output, int bytes)
    {
        var (stdout, stderr) = (Cut(output.Stdout, bytes), Cut(output.Stderr, bytes));
        return new TaskRunOutput(
            output.ExitCode, stdout, stderr, output.DurationMs, output.TimedOut,
            output.Truncated || stdout != output.Stdout || stderr != output.Stderr, output.Error, output.OomKilled);
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

    private async Task ReleaseAsync(string session)
    {
        using var limit = new CancellationTokenSource(ReleaseTime);
        try
        {
            await _repeated.ExecuteAsync(async token => await _client.Sessions.ReleaseAsync(session, token), limit.Token);
        }
        catch (OrchestratorException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // It was never leased, or has expired.
        }
        catch (Exception e) when (e is OrchestratorException or HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            // Its lease expires without heartbeats.
            LogNotReleased(session, e.Message);
        }
    }

    [LoggerMessage(1600, LogLevel.Warning, "Release of session {Session} failed; its lease will expire: {Error}")]
    private partial void LogNotReleased(string session, string error);
}
