using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;

namespace Orchestrator.Core.Leasing;

/// <summary>
/// Records owners on containers in the background of claims: best effort, in order, one at a time. The reconciler repairs
/// any record lost here.
/// </summary>
public sealed partial class OwnerTeller(IRunnerEngine engine, ILogger<OwnerTeller> logger)
{
    private readonly Channel<Runner> _queue = Channel.CreateBounded<Runner>(
        new BoundedChannelOptions(4_096) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Queues a runner whose owner has changed.</summary>
    public void Tell(Runner runner) => _queue.Writer.TryWrite(runner);

    /// <summary>Works through the queue until stopped.</summary>
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

    [LoggerMessage(1030, LogLevel.Debug, "Owner {Owner} of runner {Runner} not recorded on its container: {Cause}")]
    private partial void LogNotTold(string runner, string owner, string cause);
}
