using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orchestrator.ServiceDefaults.Health;

/// <summary>
/// A check that costs something, on an endpoint that anyone may call: callers take turns, and a result other than unhealthy
/// holds for a while.
/// </summary>
/// <param name="check">The check.</param>
/// <param name="holds">How long its result holds.</param>
/// <param name="time">The clock.</param>
public sealed class RememberedCheck(Func<CancellationToken, Task<HealthCheckResult>> check, TimeSpan holds, TimeProvider time) : IHealthCheck, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private (HealthCheckResult Result, long At)? _last;

    /// <inheritdoc />
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_last is { } last && time.GetElapsedTime(last.At) < holds)
            {
                return last.Result;
            }

            var result = await check(cancellationToken);
            _last = result.Status == HealthStatus.Unhealthy ? null : (result, time.GetTimestamp());
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();
}
