namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>
/// A port with its own calls (docs/contract/contract.md, "One system, three doors"). The listener that accepts a connection
/// determines a call's listener, never anything that the caller sends.
/// </summary>
public enum Listener
{
    /// <summary>Sessions and tasks, port 3001 (<c>PORT</c>).</summary>
    Sessions,

    /// <summary>Machines, port 9092 (<c>MACHINES_PORT</c>).</summary>
    Machines,

    /// <summary>Pod and mining, port 8080 (<c>POD_PORT</c>).</summary>
    Pod,
}

/// <summary>Put on every connection by the listener that accepted it.</summary>
/// <param name="Listener">The listener it came through.</param>
internal sealed record ListenerFeature(Listener Listener);

/// <summary>Put on every endpoint that one listener serves; an endpoint without it is served by all of them.</summary>
/// <param name="Listener">The listener that serves it.</param>
internal sealed record ListenerMetadata(Listener Listener);
