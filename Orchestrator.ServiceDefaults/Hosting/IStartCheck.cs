namespace Orchestrator.ServiceDefaults.Hosting;

/// <summary>Checks something outside the process before it starts, with settings already validated.</summary>
public interface IStartCheck
{
    /// <summary>Returns, or throws when the process must not start.</summary>
    /// <exception cref="ConfigurationException">It must not start.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}
