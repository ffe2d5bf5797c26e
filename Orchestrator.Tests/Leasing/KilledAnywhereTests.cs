using Orchestrator.Core;
using Orchestrator.Tests.Faults;
using Orchestrator.Tests.Infrastructure;
using Orchestrator.Tests.Maintenance;

namespace Orchestrator.Tests.Leasing;

/// <summary>
/// An orchestrator is killed before each single step that a provision, a release or a reap makes, one after the other.
/// Whatever was answered before stays true, and after one restart and the grace period nothing is left over.
/// </summary>
public sealed class KilledAnywhereTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0, true)]
    [Fault("api-killed-provision", "API", "killed before each step of a provision, warm and cold, of a session and a machine", "answers stay valid; nothing is left after a restart and the grace period", "simulated")]
    public Task Provision(int idle, bool machine) => KillAtEveryStepAsync(
        o => o.MinIdle = idle,
        _ => Task.CompletedTask,
        (world, victim) => machine ? victim.AssignAsync("owner") : victim.ProvisionAsync("owner"));

    [Fact]
    [Fault("api-killed-release", "API", "killed before each step of a release", "the owner has one runner or none; nothing is left", "simulated")]
    public Task Release() => KillAtEveryStepAsync(
        _ => { },
        orchestrator => orchestrator.ProvisionAsync("owner"),
        (world, victim) => victim.DeprovisionAsync("owner"));

    [Fact]
    [Fault("api-killed-reap", "API", "killed before each step of a reap", "the reap is finished after the restart; no other runner is affected", "simulated")]
    public Task Reap() => KillAtEveryStepAsync(
        _ => { },
        orchestrator => orchestrator.ProvisionAsync("owner"),
        async (world, victim) =>
        {
            await victim.Reaper.SweepAsync(default);
            await ReaperTests.SweepForAsync(world, victim, TimeSpan.FromSeconds(60));
        });

    [Fact]
    [Fault("api-killed-refill", "API", "killed before each step of a refill", "the pool has its configured size; nothing is left", "simulated")]
    public Task Refill() => KillAtEveryStepAsync(
        o => o.MinIdle = 2,
        _ => Task.CompletedTask,
        (_, victim) => victim.FillAsync());

    private static async Task KillAtEveryStepAsync(
        Action<Core.Templates.RunnersOptions> options,
        Func<TestOrchestrator, Task> before,
        Func<RunnerWorld, TestOrchestrator, Task> action)
    {
        var killed = 0;
        for (var step = 1; ; step++)
        {
            await using var world = new RunnerWorld(options);
            var earlier = world.Start();
            await earlier.FillAsync();
            await before(earlier);
            var (bystander, _) = await earlier.ProvisionAsync("bystander");

            var process = new SimulatedProcess { KillAt = step };
            var victim = world.Start(process);
            var acting = Task.Run(() => action(world, victim));
            if (await Task.WhenAny(acting, process.Killed).WaitAsync(TimeSpan.FromSeconds(20)) == acting && !process.Killed.IsCompleted)
            {
                await acting;
                Assert.True(killed > 3, "The action made hardly a step.");
                return;
            }

            killed++;
            var because = $"Killed at step {step}: {string.Join(", ", process.Journal)}";
            var next = await world.RestartAsync();
            await next.Reconciler.ReconcileAsync(default);
            await next.Reaper.SweepAsync(default);
            if (!action.Method.Name.Contains("Reap", StringComparison.Ordinal))
            {
                Assert.True((await next.HeartbeatAsync("bystander"))?.Id == bystander.Id, $"The bystander lost its runner. {because}");
            }

            // The owner comes back and has one runner; everything else is gone after the grace period at the latest.
            var (mine, _) = await next.ProvisionAsync("owner");
            Assert.Equal(RunnerState.Leased, mine.State);
            await next.FillAsync();
            await next.Reconciler.ReconcileAsync(default);
            for (var passed = 0; passed < 150; passed += 30)
            {
                world.Clock.Advance(TimeSpan.FromSeconds(30));
                await next.HeartbeatAsync("bystander");
                Assert.NotNull(await next.HeartbeatAsync("owner"));
                await next.Reaper.SweepAsync(default);
                await next.Reconciler.ReconcileAsync(default);
            }

            await world.AssertAgreementAsync(because);
            Assert.True(world.Engine.Runners.Count(r => r.Owner == Owner.Session("owner")) <= 1, because);
        }
    }
}
