namespace Orchestrator.Core.Guests;

/// <summary>The guests of runners: the agent inside each that runs commands and moves files.</summary>
public interface IGuests
{
    /// <summary>The guest of a runner; null when its image has none, or its token was lost with the store. Makes no call to it.</summary>
    /// <exception cref="Engines.RunnerGoneException">There is no such runner.</exception>
    /// <exception cref="Engines.EngineUnavailableException">The engine is unreachable.</exception>
    ValueTask<IGuest?> FindAsync(Runner runner, CancellationToken cancellationToken);

    /// <summary>Drops the idle connections to a runner that is being removed.</summary>
    void Forget(string runnerId);
}

/// <summary>No runner has a guest.</summary>
internal sealed class NoGuests : IGuests
{
    public ValueTask<IGuest?> FindAsync(Runner runner, CancellationToken cancellationToken) => default;

    public void Forget(string runnerId)
    {
    }
}
