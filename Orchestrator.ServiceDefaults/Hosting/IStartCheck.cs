namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Looks at something outside of the process before it starts; the settings are checked already.</summary>
public interface IStartCheck
{
    /// <summary>Does nothing, or says why the process must not start.</summary>
    /// <exception cref="ConfigurationException">It must not start.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
