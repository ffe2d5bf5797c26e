using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Machines;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Stores;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Health;

/// <summary>The health of engine and machines (docs/contract/worker-machines.md, "Health Check").</summary>
/// <param name="Status"><c>ok</c> or <c>error</c>.</param>
/// <param name="Docker"><c>connected</c> or <c>disconnected</c>.</param>
/// <param name="Machines">The number of machines; left out on an error.</param>
/// <param name="Error">The error; left out when there is none.</param>
internal sealed record HealthResponse(
    string Status,
    string Docker,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MachineCounts? Machines = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null);

/// <summary>The number of machines.</summary>
internal sealed record MachineCounts(int Total, int Idle, int Used);

/// <summary>Answers <c>GET /health</c>.</summary>
internal static partial class EngineHealth
{
    // A health check that hangs reports nothing.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static async Task<Results<Ok<HealthResponse>, JsonHttpResult<HealthResponse>>> GetAsync(
        IRunnerEngine engine, MachinePool machines, ILogger<HealthResponse> logger, HttpResponse response, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await engine.PingAsync(patience.Token);
        }
        catch (Exception exception) when (exception is EngineException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogEngineUnreachable(logger, exception.Message);
            return Failed(response, new HealthResponse("error", "disconnected", Error: "Docker connection failed"));
        }

        try
        {
            var known = await machines.ListAsync(patience.Token);
            var used = known.Count(machine => machine.State == RunnerState.Leased);
            return TypedResults.Ok(new HealthResponse("ok", "connected", new MachineCounts(known.Count, known.Count - used, used)));
        }
        catch (Exception exception) when (exception is StoreUnavailableException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogStoreUnreachable(logger, exception.Message);
            return Failed(response, new HealthResponse("error", "connected", Error: "Store connection failed"));
        }
    }

    private static JsonHttpResult<HealthResponse> Failed(HttpResponse response, HealthResponse health)
    {
        response.ComeAgain();
        return TypedResults.Json(health, ApiJson.Default.HealthResponse, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    [LoggerMessage(1200, LogLevel.Warning, "Unhealthy: the engine does not answer. {Cause}")]
    private static partial void LogEngineUnreachable(ILogger logger, string cause);

    [LoggerMessage(1201, LogLevel.Warning, "Unhealthy: the store does not answer. {Cause}")]
    private static partial void LogStoreUnreachable(ILogger logger, string cause);
}
