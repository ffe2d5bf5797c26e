using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// Makes containers tell whose they are, behind the claim's back: best effort, in order, one at a time. What is lost
/// here the reconciler makes good.
/// </summary>
public sealed partial class OwnerTeller(IRunnerEngine engine, ILogger<OwnerTeller> logger)
{
    private readonly Channel<Runner> _queue = Channel.CreateBounded<Runner>(
        new BoundedChannelOptions(4_096) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Queues a runner whose owner has changed.</summary>
    public void Tell(Runner runner) => _queue.Writer.TryWrite(runner);

    /// <summary>Works the queue off until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var runner in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await engine.TellOwnerAsync(runner.Id, runner.Placement!.Handle, runner.Owner, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogNotTold(runner.Id, Owner.NameOf(runner.Owner), e.Message);
            }
        }
    }

    [LoggerMessage(1030, LogLevel.Debug, "Container of runner {Runner} could not be made to tell {Owner}: {Cause}")]
    private partial void LogNotTold(string runner, string owner, string cause);
}
