namespace Orchestrator.Engines.Docker;

/// <summary>
/// Serializes renames and removals of one container. An engine that renames a container while it removes it lists it for
/// ever, as one whose removal is in progress (Docker 20.10).
/// </summary>
internal sealed class ContainerTurns
{
    private readonly Dictionary<string, Turn> _turns = [];

    /// <summary>Waits until no other call works on a container; dispose the result to let the next one in.</summary>
    public async Task<IDisposable> TakeAsync(string containerId, CancellationToken cancellationToken)
    {
        Turn? turn;
        lock (_turns)
        {
            if (!_turns.TryGetValue(containerId, out turn))
            {
                _turns.Add(containerId, turn = new Turn(this, containerId));
            }

            turn.Takers++;
        }

        try
        {
            await turn.Gate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave(turn);
            throw;
        }

        return turn;
    }

    private void Leave(Turn turn)
    {
        lock (_turns)
        {
            if (--turn.Takers == 0)
            {
                _turns.Remove(turn.ContainerId);
            }
        }
    }

    private sealed class Turn(ContainerTurns turns, string containerId) : IDisposable
    {
        public string ContainerId => containerId;

        public SemaphoreSlim Gate { get; } = new(1);

        /// <summary>The number of calls that hold it or wait for it.</summary>
        public int Takers { get; set; }

        public void Dispose()
        {
            Gate.Release();
            turns.Leave(this);
        }
    }
}
