using System.Globalization;
using Orchestrator.Tests.Faults;

namespace Orchestrator.Tests.Leasing;

/// <summary>
/// Sessions come and go while everything around them fails, by a schedule that a seed decides. The invariants of the
/// design are checked all along from what callers were answered and what the engine has. A failure names its seed;
/// <c>ORCHESTRATOR_SCHEDULE=17</c> runs that one alone, <c>ORCHESTRATOR_SCHEDULES=5000</c> so many.
/// </summary>
public sealed class RandomScheduleTests(ITestOutputHelper output)
{
    private const string What = "thousands of random schedules: concurrent calls, kills, an engine that stops, fails and loses answers and events, containers that die, pauses, a store that is unreachable";
    private const string Holds = "no double owner, no orphan, no live session reaped, at any moment";

    private const int StepsEach = 120;
    private const int FirstLong = 1_000;

    [Fact]
    [Fault("random-schedules", "anything", What, Holds, "simulated")]
    public Task Invariants_AnySchedule_Hold() => RunAsync(1, 60);

    [Fact]
    [Trait("Category", "Long")]
    [Fault("random-schedules", "anything", What, Holds, "simulated")]
    public Task Invariants_ThousandSchedules_Hold() =>
        RunAsync(FirstLong, int.Parse(Environment.GetEnvironmentVariable("ORCHESTRATOR_SCHEDULES") ?? "1000", CultureInfo.InvariantCulture));

    private async Task RunAsync(int first, int count)
    {
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_SCHEDULE") is { } one)
        {
            (first, count) = (int.Parse(one, CultureInfo.InvariantCulture), 1);
        }

        for (var seed = first; seed < first + count; seed++)
        {
            await using var schedule = new RandomSchedule(seed);
            try
            {
                await schedule.RunAsync(StepsEach);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} after: {string.Join("; ", schedule.Log.TakeLast(40))}", e);
            }
        }

        output.WriteLine($"Seeds {first} to {first + count - 1}");
    }
}
