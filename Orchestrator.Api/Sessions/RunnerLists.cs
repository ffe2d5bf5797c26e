using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Client;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Lists the runners in pages, oldest first, never their tokens.</summary>
internal static class RunnerLists
{
    private static readonly Comparer<PageCursor> Order = Comparer<PageCursor>.Create((one, other) =>
        one.At != other.At ? one.At.CompareTo(other.At) : string.CompareOrdinal(one.Id, other.Id));

    public static async Task<Ok<RunnerList>> ListAsync(
        [FromQuery] string? template,
        [FromQuery] string? state,
        [FromQuery] string? limit,
        [FromQuery] string? cursor,
        RunnerLeases leases,
        RunnerTemplates templates,
        IRunnerEngine engine,
        CancellationToken cancellationToken)
    {
        var (wanted, most, after) = (ReadState(state), Paging.ReadLimit(limit, Paging.MaxLimit), Paging.ReadCursor(cursor));
        var page = (await leases.ListAsync(cancellationToken))
            .Where(runner => (string.IsNullOrEmpty(template) || runner.Template == template) && (wanted is null || runner.State == wanted))
            .Select(runner => (Runner: runner, Place: new PageCursor(runner.CreatedAt.ToUnixTimeMilliseconds(), runner.Id)))
            .OrderBy(one => one.Place, Order)
            .Where(one => after is not { } last || Order.Compare(one.Place, last) > 0)
            .Take(most + 1)
            .ToList();
        return TypedResults.Ok(new RunnerList(
            [.. page.Take(most).Select(one => Describe(one.Runner, templates, engine))],
            page.Count > most ? page[most - 1].Place.ToString() : null));
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

    private static RunnerState? ReadState(string? state) =>
        string.IsNullOrEmpty(state) ? null
        : Array.Find(Enum.GetValues<RunnerState>(), one => Lower(one) == state) is var found && Lower(found) == state ? found
        : throw InvalidInputException.Field("state", $"must be {string.Join(", ", Enum.GetValues<RunnerState>().Select(one => Lower(one)))}.");

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
