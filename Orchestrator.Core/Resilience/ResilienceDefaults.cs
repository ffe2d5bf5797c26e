using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Orchestrator.Core.Resilience;

/// <summary>
/// The common part of all outgoing calls of a service, as Polly pipelines named after their targets: <c>engine</c>,
/// <c>api</c>, <c>callback</c>. A retry is for idempotent calls only; all calls to one target share a breaker.
/// </summary>
public static class ResilienceDefaults
{
    /// <summary>Begins the pipeline of a target that may fail.</summary>
    /// <param name="what">The target's name in the pipeline's telemetry.</param>
    /// <param name="time">Measures every limit and pause.</param>
    public static ResiliencePipelineBuilder Guard(string what, TimeProvider time) => new() { Name = what, TimeProvider = time };

    /// <summary>Retries failures after jittered pauses that double, so that callers don't come back as one.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="failures">Which failures are worth a retry.</param>
    /// <param name="firstPause">The pause before the first retry.</param>
    /// <param name="retries">How many retries there are, at least 1.</param>
    public static ResiliencePipelineBuilder AddBoundedRetry(
        this ResiliencePipelineBuilder pipeline, PredicateBuilder<object> failures, TimeSpan firstPause, int retries = 2) =>
        pipeline.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = failures,
            MaxRetryAttempts = retries,
            Delay = firstPause,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        });

    /// <summary>
    /// Fails every call at once, for a second at a time, while nine in ten of the last ten seconds' calls have failed (four
    /// at least): a target that is down is not stampeded, and callers don't queue up in front of it.
    /// </summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="failures">Which failures show that the target is down.</param>
    /// <param name="opened">Called when calls begin to fail at once, with the last failure.</param>
    /// <param name="closed">Called when they are made again.</param>
    public static ResiliencePipelineBuilder AddBreaker(
        this ResiliencePipelineBuilder pipeline, PredicateBuilder<object> failures, Action<Exception?> opened, Action closed) =>
        pipeline.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = failures,
            FailureRatio = 0.9,
            MinimumThroughput = 4,
            SamplingDuration = TimeSpan.FromSeconds(10),
            BreakDuration = TimeSpan.FromSeconds(1),
            OnOpened = state =>
            {
                opened(state.Outcome.Exception);
                return default;
            },
            OnClosed = _ =>
            {
                closed();
                return default;
            },
        });
}
