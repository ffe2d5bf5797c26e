using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>A real store as a <see cref="SimulatedProcess"/> reaches it: killed between any call and its effect, or made unreachable.</summary>
internal sealed class KillableStore(IRunnerStore store, SimulatedProcess process) : IRunnerStore
{
    private int _writes;

    /// <summary>Whether the store can be reached.</summary>
    public bool Available { get; set; } = true;

    /// <summary>Called before every call's effect: waits to make that call late.</summary>
    public Func<string, Task>? Before { get; set; }

    /// <summary>How many calls could have written something.</summary>
    public int Writes => Volatile.Read(ref _writes);

    public ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        WriteAsync("claim", () => store.ClaimAsync(request, cancellationToken));

    public ValueTask<Runner?> ReserveIdleAsync(Reservation reservation, int target, CancellationToken cancellationToken) =>
        WriteAsync("reserve", () => store.ReserveIdleAsync(reservation, target, cancellationToken));

    public ValueTask<Runner?> MovePortAsync(string runnerId, long fence, int taken, CancellationToken cancellationToken) =>
        WriteAsync("move port", () => store.MovePortAsync(runnerId, fence, taken, cancellationToken));

    public ValueTask<Runner?> AttachAsync(string runnerId, long fence, RunnerPlacement placement, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        WriteAsync("attach", () => store.AttachAsync(runnerId, fence, placement, leaseTime, cancellationToken));

    public ValueTask<Runner?> TouchAsync(string template, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        WriteAsync("touch", () => store.TouchAsync(template, owner, leaseTime, cancellationToken));

    public ValueTask<bool> ExtendAsync(Runner seen, TimeSpan idleFor, TimeSpan leaseTime, TimeSpan maxExtension, CancellationToken cancellationToken) =>
        WriteAsync("extend", () => store.ExtendAsync(seen, idleFor, leaseTime, maxExtension, cancellationToken));

    public ValueTask<Runner?> ExpireAsync(Runner seen, CancellationToken cancellationToken) =>
        WriteAsync("expire", () => store.ExpireAsync(seen, cancellationToken));

    public ValueTask<Runner?> BeginRemoveAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        WriteAsync("begin remove", () => store.BeginRemoveAsync(runnerId, fence, cancellationToken));

    public ValueTask<Runner?> ReturnAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        WriteAsync("return", () => store.ReturnAsync(runnerId, fence, cancellationToken));

    public ValueTask<bool> DeleteAsync(string runnerId, long fence, CancellationToken cancellationToken) =>
        WriteAsync("delete", () => store.DeleteAsync(runnerId, fence, cancellationToken));

    public ValueTask<Runner?> AdoptAsync(Runner runner, Owner owner, TimeSpan? leaseTime, CancellationToken cancellationToken) =>
        WriteAsync("adopt", () => store.AdoptAsync(runner, owner, leaseTime, cancellationToken));

    public ValueTask<int> RenewAllAsync(string instance, string template, TimeSpan leaseTime, CancellationToken cancellationToken) =>
        WriteAsync("renew all", () => store.RenewAllAsync(instance, template, leaseTime, cancellationToken));

    public ValueTask<IReadOnlyList<Runner>> ListExpiredAsync(string instance, CancellationToken cancellationToken) =>
        CallAsync("list expired", () => store.ListExpiredAsync(instance, cancellationToken));

    public ValueTask<Runner?> GetAsync(string runnerId, CancellationToken cancellationToken) =>
        CallAsync("get", () => store.GetAsync(runnerId, cancellationToken));

    public ValueTask<Runner?> FindAsync(string template, Owner owner, CancellationToken cancellationToken) =>
        CallAsync("find", () => store.FindAsync(template, owner, cancellationToken));

    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, CancellationToken cancellationToken) =>
        CallAsync("list", () => store.ListAsync(instance, cancellationToken));

    public ValueTask<IReadOnlyList<Runner>> ListAsync(string instance, Tenant tenant, CancellationToken cancellationToken) =>
        CallAsync("list a tenant's", () => store.ListAsync(instance, tenant, cancellationToken));

    public ValueTask<PoolCounts> CountAsync(string instance, string template, CancellationToken cancellationToken) =>
        CallAsync("count", () => store.CountAsync(instance, template, cancellationToken));

    public ValueTask TestWriteAsync(CancellationToken cancellationToken) => store.TestWriteAsync(cancellationToken);

    private ValueTask<T> WriteAsync<T>(string what, Func<ValueTask<T>> call)
    {
        Interlocked.Increment(ref _writes);
        return CallAsync(what, call);
    }

    private async ValueTask<T> CallAsync<T>(string what, Func<ValueTask<T>> call)
    {
        await process.StepAsync($"before store {what}");
        if (Before is { } before)
        {
            await before(what);
        }

        if (!Available)
        {
            throw new StoreUnavailableException("The simulated store is stopped.");
        }

        var result = await call();
        await process.StepAsync($"after store {what}");
        return result;
    }
}
