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

/// <summary>Who owns a runner. Two owners are the same when tenant, kind and id are.</summary>
/// <param name="Tenant">Whose caller it is.</param>
/// <param name="Kind">The kind of caller.</param>
/// <param name="Id">The caller's id, unique within its tenant and kind.</param>
public readonly record struct Owner(Tenant Tenant, OwnerKind Kind, string Id)
{
    /// <summary>A session's owner.</summary>
    public static Owner Session(string sessionId, Tenant tenant = default) => new(tenant, OwnerKind.Session, sessionId);

    /// <summary>A project's owner.</summary>
    public static Owner Machine(string projectId, Tenant tenant = default) => new(tenant, OwnerKind.Machine, projectId);

    /// <summary>An owner as logs name it; a runner that has none is the pool's.</summary>
    public static string NameOf(Owner? owner) => owner?.ToString() ?? "the pool";

    /// <summary>As logs name it, with its tenant where that is not the default one.</summary>
    public override string ToString()
    {
        var name = $"{Kind.ToString().ToLowerInvariant()} {Id}";
        return Tenant == Tenant.Default ? name : $"{name} of tenant {Tenant}";
    }
}
