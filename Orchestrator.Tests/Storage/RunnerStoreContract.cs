using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

/// <summary>
/// What every <see cref="IRunnerStore"/> has to do. A store's test class derives from it; a new class instance, and with
/// it an empty store, serves each test.
/// </summary>
public abstract partial class RunnerStoreContract : IAsyncLifetime
{
    protected const string Instance = "instance-1";
    protected const string Template = "session";
    protected const string Plan = "plan-1";

    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    protected static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    private static int _ids;

    protected IRunnerStore Store { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The store's own clock.</summary>
    protected abstract DateTimeOffset Now { get; }

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens an empty store.</summary>
    protected abstract ValueTask<IRunnerStore> OpenAsync();

    /// <summary>A deadline that a few calls end well before.</summary>
    protected TimeSpan Soon => HasManualClock ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromSeconds(3);

    /// <summary>Closes it and removes what it left.</summary>
    protected abstract ValueTask CloseAsync();

    /// <summary>Lets the store's clock go on; a store with a clock of its own really waits.</summary>
    protected abstract ValueTask AdvanceAsync(TimeSpan time);

    protected static string NewId() => $"{Template}-{Interlocked.Increment(ref _ids):000000}";

    protected static Reservation Reserve(string template = Template, int? firstPort = null, string instance = Instance, string plan = Plan) =>
        new(NewId(), template, instance, plan, "token", RunnerNetwork.Bridge, firstPort, Within);

    protected static RunnerPlacement Place(int? port = null) => new("container-" + NewId(), "image", "sha256:1", "172.17.0.2", port);

    protected static ClaimRequest Wish(
        string owner, int? limit = null, bool pool = true, TimeSpan? lease = null, string template = Template, int? firstPort = null, string instance = Instance) =>
        new(Owner.Session(owner), lease ?? Lease, limit, pool, Reserve(template, firstPort, instance));

    protected ValueTask<ClaimResult> ClaimAsync(
        string owner, int? limit = null, bool pool = true, TimeSpan? lease = null, string template = Template, int? firstPort = null, string instance = Instance) =>
        Store.ClaimAsync(Wish(owner, limit, pool, lease, template, firstPort, instance), Cancel);

    /// <summary>Puts a runner into the pool.</summary>
    protected async Task<Runner> AddIdleAsync(string template = Template, int? port = null, string instance = Instance, string plan = Plan)
    {
        var reserved = await Store.ReserveIdleAsync(Reserve(template, instance: instance, plan: plan), int.MaxValue, Cancel);
        return (await Store.AttachAsync(reserved!.Id, reserved.Fence, Place(port), null, Cancel))!;
    }

    /// <summary>Leases a runner, made for the owner.</summary>
    protected async Task<Runner> AddLeasedAsync(string owner, TimeSpan? lease = null, string template = Template)
    {
        var reserved = (await ClaimAsync(owner, pool: false, template: template)).Runner!;
        return (await Store.AttachAsync(reserved.Id, reserved.Fence, Place(), lease ?? Lease, Cancel))!;
    }

    protected async Task<Runner> GetAsync(Runner runner) => (await Store.GetAsync(runner.Id, Cancel))!;
}
