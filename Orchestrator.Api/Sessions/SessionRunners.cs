using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Templates;

namespace Orchestrator.Api.Sessions;

/// <summary>The runners of sessions: one each, or one for all with <c>REUSE_RUNNER_MODE</c>.</summary>
internal sealed class SessionRunners(RunnerLeases leases, RunnerTemplates templates, RunnersOptions options)
{
    private readonly RunnerTemplate _template = templates[RunnersOptions.TemplateName];

    /// <summary>Whether one runner serves every session.</summary>
    public bool IsShared => options.Reuse;

    /// <summary>
    /// Provisions a session's runner, or the shared one where one runner serves all. Its deferred work is left to
    /// <see cref="RunnerLeases.Defer"/>.
    /// </summary>
    public Task<ProvisionResult> ProvisionAsync(string sessionId, RunnerNetwork network, CancellationToken cancellationToken) => IsShared
        ? leases.ProvisionSharedAsync(_template, Owner.Session(sessionId), network, cancellationToken, defer: false)
        : leases.ProvisionAsync(_template, Owner.Session(sessionId), network, cancellationToken, defer: false);

    /// <summary>Ends a session's lease and removes its runner; false when it has none.</summary>
    public Task<bool> ReleaseAsync(string sessionId, CancellationToken cancellationToken) =>
        leases.ReleaseAsync(_template, Owner.Session(sessionId), cancellationToken);

    /// <summary>Records a session's heartbeat; false when it has no runner.</summary>
    public async ValueTask<bool> HeartbeatAsync(string sessionId, CancellationToken cancellationToken) =>
        await leases.HeartbeatAsync(_template, Owner.Session(sessionId), cancellationToken) is not null;

    /// <summary>Runs a command in a session's runner; null when it has none.</summary>
    public Task<ExecResult?> ExecAsync(string sessionId, ExecRequest request, IExecOutput output, CancellationToken cancellationToken) =>
        leases.ExecAsync(_template, Owner.Session(sessionId), request, output, cancellationToken);

    /// <summary>Calls the guest of a session's runner.</summary>
    /// <exception cref="RunnerGoneException">The session has no runner.</exception>
    /// <exception cref="GuestMissingException">The runner has no guest.</exception>
    public Task<T> CallGuestAsync<T>(string sessionId, Func<IGuest, Task<T>> call, CancellationToken cancellationToken) =>
        leases.CallGuestAsync(_template, Owner.Session(sessionId), call, cancellationToken);

    /// <inheritdoc cref="CallGuestAsync{T}"/>
    public Task CallGuestAsync(string sessionId, Func<IGuest, Task> call, CancellationToken cancellationToken) => CallGuestAsync(
        sessionId,
        async guest =>
        {
            await call(guest);
            return true;
        },
        cancellationToken);

    /// <summary>The token of a session's runner; null when it has no leased one, or its token was lost.</summary>
    public async ValueTask<string?> FindTokenAsync(string sessionId, CancellationToken cancellationToken) =>
        await leases.FindAsync(_template, Owner.Session(sessionId), cancellationToken) is { State: RunnerState.Leased } runner ? runner.Token : null;

    /// <summary>Copies the log of a session's runner; false when it has none.</summary>
    public Task<bool> CopyLogsAsync(string sessionId, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken) =>
        leases.CopyLogsAsync(_template, Owner.Session(sessionId), follow, tail, output, cancellationToken);
}
