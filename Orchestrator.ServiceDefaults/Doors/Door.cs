namespace Orchestrator.ServiceDefaults.Doors;

/// <summary>
/// A port of its own with calls of its own (docs/contract/contract.md, "One system, three doors"). Which door a call came
/// through is told by the listener that accepted its connection, never by anything that the caller sends.
/// </summary>
public enum Door
{
    /// <summary>Sessions and tasks, port 3001 (<c>PORT</c>).</summary>
    Sessions,

    /// <summary>Machines, port 9092 (<c>MACHINES_PORT</c>).</summary>
    Machines,

    /// <summary>Pod and mining, port 8080 (<c>POD_PORT</c>).</summary>
    Pod,
}

/// <summary>Put on every connection by the listener that accepted it.</summary>
/// <param name="Door">The door it came through.</param>
internal sealed record DoorFeature(Door Door);

/// <summary>Put on every endpoint that one door serves; an endpoint without it is served by all of them.</summary>
/// <param name="Door">The door that serves it.</param>
internal sealed record DoorMetadata(Door Door);
