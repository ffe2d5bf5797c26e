using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Leasing;

/// <summary>One run of <see cref="RandomScheduleTests"/>: what is done, by whom and when, and what is broken meanwhile, a seed decides.</summary>
internal sealed class RandomSchedule(int seed) : IAsyncDisposable
{
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(seed);
    private readonly RunnerWorld _world = new(o => { o.MinIdle = 2; o.MaxConcurrent = 8; o.ProvisionWaitSeconds = 0; });
    private readonly Dictionary<string, (string Runner, DateTimeOffset LastLife)> _alive = new(StringComparer.Ordinal);
    private TestOrchestrator _orchestrator = null!;
    private DateTimeOffset _lastSweep;

    public List<string> Log { get; } = [];

    public async Task RunAsync(int steps)
    {
        _orchestrator = _world.Start();
        await LookAsync();
        for (var step = 0; step < steps; step++)
        {
            await StepAsync();
            AssertNoLiveSessionLost();
            await AssertNobodySharesAsync();
        }

        await HealAsync();
        await _world.AssertAgreementAsync("At the end.");
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task StepAsync()
    {
        var session = $"s{_random.Next(6)}";
        switch (_random.Next(20))
        {
            case 0 or 1 or 2:
                await CallAsync($"provision {session}", async () => Answered(session, (await _orchestrator.ProvisionAsync(session)).Runner));
                break;
            case 3 or 4:
                await CallAsync($"heartbeat {session}", async () => Answered(session, await _orchestrator.HeartbeatAsync(session)));
                break;
            case 5:
                _alive.Remove(session);
                await CallAsync($"deprovision {session}", () => _orchestrator.DeprovisionAsync(session));
                break;
            case 6:
                await TogetherAsync();
                break;
            case 7 or 8:
                Do("30 s pass", () => _world.Clock.Advance(TimeSpan.FromSeconds(30)));
                await LookAsync();
                break;
            case 9:
                Do("a pause of ten minutes", () => _world.Clock.Advance(TimeSpan.FromMinutes(10)));
                Forgive();
                await LookAsync();
                break;
            case 10:
                await KillAsync();
                break;
            case 11 when _world.Engine.Available:
                Do("the engine stops", _world.Engine.Stop);
                _alive.Clear();
                break;
            case 11 or 12:
                Do("the engine starts", _world.Engine.Start);
                break;
            case 13 when _world.Engine.Runners is { Count: > 0 } runners:
                var victim = runners[_random.Next(runners.Count)].RunnerId;
                Do($"{victim} dies", () => _world.Engine.Die(victim));
                Forget(victim);
                break;
            case 14:
                Do("the store is unreachable for a call", () => _orchestrator.Store.Available = false);
                await CallAsync($"provision {session}", () => _orchestrator.ProvisionAsync(session));
                _orchestrator.Store.Available = true;
                break;
            case 15:
                Flake();
                break;
            case 16:
                Do(_world.Engine.LosesEvents ? "events come again" : "events are lost", () => _world.Engine.LosesEvents = !_world.Engine.LosesEvents);
                break;
            case 17 when _world.Engine.Runners is { Count: > 0 } there:
                var removed = there[_random.Next(there.Count)].RunnerId;
                Do($"{removed} is removed by hand", () => _world.Engine.RemoveByHand(removed));
                Forget(removed);
                break;
            case 18:
                await CallAsync("fill", () => _orchestrator.Keeper(_world.Session).KeepAsync(default));
                break;
            default:
                await LookAsync();
                break;
        }
    }

    // For a while, or no more: every so many calls are refused, or done without an answer.
    private void Flake()
    {
        if (_world.Engine.Before is not null)
        {
            Do("the engine fails no more", Steady);
            return;
        }

        var (chances, every) = (new Random(seed + Log.Count), _random.Next(3, 8));
        Do($"one call in {every} of the engine fails", () =>
        {
            _world.Engine.Before = call => Fails() ? throw new EngineException($"The engine refused to {call}.") : Task.CompletedTask;
            _world.Engine.After = call => Fails() ? throw new EngineUnavailableException($"The answer to {call} was lost.") : Task.CompletedTask;
        });

        bool Fails()
        {
            lock (chances)
            {
                return chances.Next(2 * every) == 0;
            }
        }
    }

    private void Steady() => (_world.Engine.Before, _world.Engine.After) = (null, null);

    // Concurrent calls for the same few sessions; what they end as is checked against the engine.
    private async Task TogetherAsync()
    {
        var calls = Enumerable.Range(0, 6).Select(_ => (Session: $"s{_random.Next(2)}", Ends: _random.Next(3) == 0)).ToList();
        foreach (var call in calls)
        {
            _alive.Remove(call.Session);
        }

        await CallAsync($"together {string.Join(",", calls)}", async () =>
        {
            await using var pump = RunnerLeasesTests.Pump(_world);
            await Task.WhenAll(calls.Select(c => Task.Run(async () =>
            {
                try
                {
                    _ = c.Ends ? (object)await _orchestrator.DeprovisionAsync(c.Session) : await _orchestrator.ProvisionAsync(c.Session);
                }
                catch (CapacityExhaustedException)
                {
                    // A fair answer.
                }
            })));
        });
    }

    private async Task KillAsync()
    {
        var process = new SimulatedProcess { KillAt = _random.Next(1, 12) };
        var session = $"s{_random.Next(6)}";
        Log.Add($"killed at step {process.KillAt} of a provision or release of {session}");
        _alive.Remove(session);
        var victim = _world.Start(process);
        var acting = Task.Run(async () => await Record.ExceptionAsync(async () =>
        {
            await victim.ProvisionAsync(session);
            await victim.DeprovisionAsync(session);
        }));
        await Task.WhenAny(acting, process.Killed).WaitAsync(TimeSpan.FromSeconds(20));
        process.Kill();
        _orchestrator = await _world.RestartAsync();
        Forgive();
        await LookAsync();
    }

    // A restart or a gap: whoever was alive has its full time anew once sweeps work again.
    private void Forgive()
    {
        foreach (var (session, (runner, _)) in _alive.ToList())
        {
            _alive[session] = (runner, _world.Clock.GetUtcNow());
        }
    }

    private async Task LookAsync()
    {
        await CallAsync("reconcile", () => _orchestrator.Reconciler.ReconcileAsync(default));
        await CallAsync("sweep", async () =>
        {
            if (_world.Clock.GetUtcNow() - _lastSweep > TimeSpan.FromSeconds(60))
            {
                Forgive();
            }

            await _orchestrator.Reaper.SweepAsync(default);
            _lastSweep = _world.Clock.GetUtcNow();
        });
        foreach (var (session, (_, lastLife)) in _alive.ToList())
        {
            if (_world.Clock.GetUtcNow() - lastLife >= LeaseTime)
            {
                _alive.Remove(session);
            }
        }
    }

    private async Task HealAsync()
    {
        _world.Engine.Start();
        _world.Engine.LosesEvents = false;
        Steady();
        // Longer than any pause of the keeper, and in sum than any reservation lives.
        for (var round = 0; round < 12; round++)
        {
            _world.Clock.Advance(TimeSpan.FromSeconds(40));
            await LookAsync();
            await CallAsync("fill", () => _orchestrator.Keeper(_world.Session).KeepAsync(default));
        }

        // A start that the last pauses overtook has failed, and the next one waits for its time.
        await Eventually.TrueAsync(async () =>
        {
            _world.Clock.Advance(TimeSpan.FromMilliseconds(200));
            await _orchestrator.Keeper(_world.Session).KeepAsync(default);
            return await _world.Store.CountAsync("test", _world.Session.Name, default) is { Refilling: 0, Idle: >= 2 };
        });
        // A lease that expired in those pauses is on its way out after one look, and gone after another.
        await Eventually.TrueAsync(
            async () =>
            {
                await LookAsync();
                return (await _world.Store.ListAsync("test", default)).All(runner => runner.State is RunnerState.Idle or RunnerState.Leased);
            },
            what: "The end of what is under way");
    }

    private void AssertNoLiveSessionLost()
    {
        foreach (var (session, (runner, lastLife)) in _alive)
        {
            Assert.True(
                _world.Engine.Runners.Any(r => r.RunnerId == runner && r.Running),
                $"{session} lost {runner} at {_world.Clock.GetUtcNow():T}; its last sign of life was at {lastLife:T}.");
        }
    }

    private async Task AssertNobodySharesAsync()
    {
        var owned = (await _world.Store.ListAsync("test", default)).Where(r => r.Owner is not null).ToList();
        Assert.Equal(owned.Count, owned.Select(r => (r.Template, r.Owner)).Distinct().Count());
    }

    private void Live(string session, Runner runner) => _alive[session] = (runner.Id, _world.Clock.GetUtcNow());

    private void Answered(string session, Runner? runner)
    {
        if (runner is not null)
        {
            // A lease on a container that died unseen is no promise.
            if (_world.Engine.Runners.Any(r => r.RunnerId == runner.Id && r.Running))
            {
                Live(session, runner);
            }
        }
        else
        {
            Assert.False(_alive.ContainsKey(session), $"{session} was told it has no runner.");
        }
    }

    private void Forget(string runner)
    {
        foreach (var session in _alive.Where(a => a.Value.Runner == runner).Select(a => a.Key).ToList())
        {
            _alive.Remove(session);
        }
    }

    private void Do(string what, Action action)
    {
        Log.Add(what);
        action();
    }

    private async Task CallAsync(string what, Func<Task> call)
    {
        try
        {
            await call();
            Log.Add(what);
        }
        catch (Exception e) when (e is EngineException or StoreUnavailableException or CapacityExhaustedException)
        {
            Log.Add($"{what}: {e.GetType().Name}");
        }
    }
}
