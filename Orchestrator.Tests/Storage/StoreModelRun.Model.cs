using Orchestrator.Core;
using Orchestrator.Core.Stores;

namespace Orchestrator.Tests.Storage;

internal sealed partial class StoreModelRun
{
    private Reservation Reservation(string template, string plan) => new(
        $"runner-{sample}-{++_made}", template, _instance, plan, "token", RunnerNetwork.Bridge, template == _templates[1] ? FirstPort : null, Within);

    private static string Plan(Random random) => random.Next(4) == 0 ? "other" : "plan";

    // Now and then a runner or a fence that is not there.
    private (Runner Runner, long Fence, bool Fresh) Pick(Random random, RunnerState preferred)
    {
        var preferredOnes = _model.FindAll(runner => runner.State == preferred);
        var from = preferredOnes.Count > 0 && random.Next(4) != 0 ? preferredOnes : _model;
        if (from.Count == 0)
        {
            return (Blank("nobody", _templates[0], preferred), 1, false);
        }

        var runner = from[random.Next(from.Count)];
        return random.Next(6) == 0 ? (runner, runner.Fence + random.Next(-1, 1) * 2 + 1, false) : (runner, runner.Fence, true);
    }

    private Runner Blank(string id, string template, RunnerState state) => new()
    {
        Id = id,
        Template = template,
        Instance = _instance,
        State = state,
        Fence = 0,
        CreatedAt = now(),
    };

    private void ExpectReserved(Reservation reservation, Owner? owner, Runner? actual) => ExpectNew(
        null,
        Blank(reservation.RunnerId, reservation.Template, RunnerState.Creating) with
        {
            Owner = owner,
            ExpiresAt = now() + Within,
            ContactAt = owner is null ? null : now(),
            Plan = reservation.Plan,
            Token = reservation.Token,
            Port = reservation.FirstPort is null ? null : FreePort(FirstPort),
        },
        actual);

    // A change of state or owner has a fence that nothing had before.
    private void ExpectNew(Runner? before, Runner after, Runner? actual)
    {
        Assert.NotNull(actual);
        Assert.True(actual.Fence > _highestFence, $"{actual.Fence} is not above {_highestFence}");
        _highestFence = actual.Fence;
        Expect(before, after with { Fence = actual.Fence }, actual);
    }

    private void Expect(Runner? before, Runner after, Runner? actual)
    {
        Assert.Equal(Comparable(after), Comparable(actual!));
        if (before is null)
        {
            _model.Add(exactTimes ? after : actual!);
        }
        else
        {
            Replace(before, exactTimes ? after : actual!);
        }
    }

    private void Replace(Runner before, Runner after) => _model[_model.IndexOf(before)] = after;

    private Runner Comparable(Runner runner) => exactTimes
        ? runner with { IdleSince = runner.State == RunnerState.Idle ? runner.IdleSince : null }
        : runner with
        {
            CreatedAt = default,
            IdleSince = null,
            ContactAt = runner.ContactAt is null ? null : default(DateTimeOffset),
            ExpiresAt = runner.ExpiresAt is null ? null : default(DateTimeOffset),
        };

    private static bool IsLive(Runner runner) => runner.State is RunnerState.Leased or RunnerState.Creating;

    private PoolCounts Count(string template)
    {
        var those = _model.FindAll(runner => runner.Template == template);
        return new PoolCounts(
            those.Count(runner => runner.State == RunnerState.Idle),
            those.Count(runner => runner.State == RunnerState.Creating && runner.Owner is null),
            those.Count(runner => runner.State == RunnerState.Creating && runner.Owner is not null),
            those.Count(runner => runner.State == RunnerState.Leased),
            those.Count(runner => runner.State == RunnerState.Removing));
    }

    private int? FreePort(int from)
    {
        for (var port = from; port <= 65_535; port++)
        {
            if (!_model.Exists(runner => runner.Port == port))
            {
                return port;
            }
        }

        return null;
    }
}
