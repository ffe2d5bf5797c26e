using FsCheck;
using FsCheck.Fluent;

namespace Orchestrator.Tests.Storage;

public abstract partial class RunnerStoreContract
{
    private static int _samples;

    /// <summary>Whether the clock stands still between calls, so that deadlines can be foretold to the millisecond.</summary>
    protected virtual bool HasManualClock => true;

    [Fact]
    public void AnySequence_OfCalls_DoesWhatTheModelDoes()
    {
        var steps = Arb.From(
            Gen.Choose(0, int.MaxValue - 1).ArrayOf(),
            numbers => ArbMap.Default.ArbFor<int[]>().Shrinker(numbers).Where(shorter => shorter.Length < numbers.Length));
        Prop.ForAll(steps, numbers => RunAsync(numbers).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(HasManualClock ? 300 : 60).WithStartSize(5).WithEndSize(120));
    }

    private async Task RunAsync(int[] numbers)
    {
        // Each sample has names of its own, so that all of them share one store.
        var sample = Interlocked.Increment(ref _samples);
        var run = new StoreModelRun(Store, sample, () => Now, HasManualClock, Cancel);
        foreach (var number in numbers)
        {
            if (HasManualClock)
            {
                await AdvanceAsync(TimeSpan.FromMilliseconds(number % 7 == 0 ? 40_000 : number % 50));
            }

            await run.StepAsync(new Random(number));
            await run.CompareAsync();
        }
    }
}
