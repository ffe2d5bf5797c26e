using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Client;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Templates;

namespace Orchestrator.Api.Sessions;

/// <summary>Lists every runner, never its token.</summary>
internal static class RunnerLists
{
    public static async Task<Ok<RunnerList>> ListAsync(RunnerLeases leases, RunnerTemplates templates, IRunnerEngine engine, CancellationToken cancellationToken)
    {
        var runners = await leases.ListAsync(cancellationToken);
        return TypedResults.Ok(new RunnerList([.. runners.Select(runner => Describe(runner, templates, engine))]));
    }

    public static async Task<Ok<MessageResponse>> DrainAsync(RunnerLeases leases, CancellationToken cancellationToken) =>
        TypedResults.Ok(new MessageResponse($"{await leases.DrainAsync(cancellationToken)} idle runners removed; fresh ones take their places."));

    private static RunnerEntry Describe(Runner runner, RunnerTemplates templates, IRunnerEngine engine) => new(
        runner.Id,
        runner.Template,
        Lower(runner.State),
        runner.Owner is { } owner ? new OwnerEntry(owner.Tenant.Name, Lower(owner.Kind), owner.Id) : null,
        engine.EndpointOf(runner),
        runner.Placement?.Handle,
        runner.Placement?.Image ?? templates.Find(runner.Template)?.Image,
        runner.CreatedAt,
        runner.State == RunnerState.Leased ? runner.ExpiresAt : null);

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
