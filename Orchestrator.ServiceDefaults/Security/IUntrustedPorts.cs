namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Ports of this machine that serve what is not trusted, as runners' do: a page there is none of the user's own.</summary>
public interface IUntrustedPorts
{
    /// <summary>Whether a port is one of them now, or may be.</summary>
    ValueTask<bool> ContainsAsync(int port, CancellationToken cancellationToken);
}
