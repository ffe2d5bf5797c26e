namespace Orchestrator.Core;

/// <summary>What kind of caller a lease belongs to.</summary>
public enum OwnerKind
{
    /// <summary>A user session; its id is the session's id.</summary>
    Session,

    /// <summary>A project that was assigned a machine; its id is the project's id.</summary>
    Machine,

    /// <summary>A queued task that leased a runner for itself; its id is the task's id.</summary>
    Task,

    /// <summary>A machine that was found running without a record; its id is the runner's own id.</summary>
    Unknown,
}

/// <summary>Who owns a runner. Two owners are the same when kind and id are.</summary>
/// <param name="Kind">The kind of caller.</param>
/// <param name="Id">The caller's id, unique within its kind.</param>
public readonly record struct Owner(OwnerKind Kind, string Id)
{
    /// <summary>A session's owner.</summary>
    public static Owner Session(string sessionId) => new(OwnerKind.Session, sessionId);

    /// <summary>A project's owner.</summary>
    public static Owner Machine(string projectId) => new(OwnerKind.Machine, projectId);

    /// <summary>An owner as logs name it; a runner that has none is the pool's.</summary>
    public static string NameOf(Owner? owner) => owner?.ToString() ?? "the pool";

    /// <inheritdoc />
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()} {Id}";
}
