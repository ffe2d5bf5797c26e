using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Core.Tasks.Callbacks;

/// <summary>The outcome of a delivery attempt.</summary>
/// <param name="Delivered">Whether it was accepted.</param>
/// <param name="Retry">Whether another attempt may help, if it was not.</param>
/// <param name="Reason">What went wrong; null when nothing did.</param>
public readonly record struct Delivery(bool Delivered, bool Retry = false, string? Reason = null);

/// <summary>Posts callbacks.</summary>
public interface ICallbackSender
{
    /// <summary>Makes one attempt, within a bound of its own. Never throws but for cancellation.</summary>
    Task<Delivery> SendAsync(TaskRecord task, CancellationToken cancellationToken);
}
