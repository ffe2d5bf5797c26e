using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Sessions;

/// <summary>The ports of runners: code serves there, so no page there is the user's own.</summary>
internal sealed class RunnerPorts(IRunnerStore store, RunnersOptions options, TimeProvider time) : IUntrustedPorts
{
    // Keeps a flood of calls from listing every runner for each.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(100);

    private Seen? _seen;

    public async ValueTask<bool> ContainsAsync(int port, CancellationToken cancellationToken)
    {
        if (_seen is not { } seen || time.GetElapsedTime(seen.At) > Fresh)
        {
            try
            {
                var at = time.GetTimestamp();
                var runners = await store.ListAsync(options.Instance, cancellationToken);
                _seen = seen = new Seen([.. runners.Select(runner => runner.Placement?.Port ?? runner.Port).OfType<int>()], at);
            }
            catch (StoreUnavailableException)
            {
                return true;
            }
        }

        return seen.Ports.Contains(port);
    }

    private sealed record Seen(HashSet<int> Ports, long At);
}
