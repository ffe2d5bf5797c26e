using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Core.Tasks;
using Orchestrator.Core.Tasks.Handlers;
using Orchestrator.Core.Tasks.Processing;
using Orchestrator.Core.Tasks.Queue;

namespace Orchestrator.Benchmarks.Tasks;

/// <summary>The measurements, at the queue's interface, for any store.</summary>
internal static class QueueRuns
{
    public const int Producers = 64;
    public const int Slots = 64;

    private static readonly TaskSpecification Spec = new() { Type = AddHandler.Name, Input = """{"a":1,"b":2}""", InitiatedBy = "bench" };

    /// <summary>The milliseconds for that many enqueues by 64 producers, one task a call.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="tasks">How many.</param>
    /// <param name="traced">Whether every task belongs to a trace, one in ten sampled, as for tasks from calls.</param>
    public static async Task<double> EnqueueAsync(ITaskQueue queue, int tasks, bool traced = false)
    {
        var next = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Producers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= tasks)
            {
                await queue.EnqueueAsync(traced ? Spec with { TraceParent = TraceOf(number) } : Spec, CancellationToken.None);
            }
        })));
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>The milliseconds in which a processor of 64 slots empties the queue.</summary>
    public static async Task<double> ProcessAsync(ITaskQueue queue, int tasks)
    {
        var observed = new ObservedQueue(queue);
        var left = tasks;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        observed.Completed = () =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                all.SetResult();
            }
        };
        using var processor = Processor(observed);
        var started = Stopwatch.GetTimestamp();
        await processor.StartAsync(CancellationToken.None);
        await all.Task;
        var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await processor.StopAsync(CancellationToken.None);
        return time;
    }

    /// <summary>The milliseconds from enqueueing a task until its end is written, one task at a time.</summary>
    public static async Task<double[]> LatencyAsync(ITaskQueue queue, int tasks)
    {
        var observed = new ObservedQueue(queue);
        using var processor = Processor(observed);
        await processor.StartAsync(CancellationToken.None);
        await Task.Delay(200);
        var times = new double[tasks];
        for (var i = 0; i < tasks; i++)
        {
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            observed.Completed = end.SetResult;
            var started = Stopwatch.GetTimestamp();
            await queue.EnqueueAsync(Spec, CancellationToken.None);
            await end.Task;
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        await processor.StopAsync(CancellationToken.None);
        return times;
    }

    /// <summary>The percentage of a core that an idle worker uses.</summary>
    public static async Task<double> IdleAsync(ITaskQueue queue, TimeSpan time)
    {
        using var processor = Processor(queue);
        await processor.StartAsync(CancellationToken.None);
        await Task.Delay(1_000);
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        await Task.Delay(time);
        process.Refresh();
        var percent = (process.TotalProcessorTime - before) / time * 100;
        await processor.StopAsync(CancellationToken.None);
        return percent;
    }

    private static string TraceOf(int number) =>
        $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-{(number % 10 == 0 ? "01" : "00")}";

    private static TaskProcessor Processor(ITaskQueue queue) => new(
        "bench", queue, new TaskTypes([new AddHandler()]), new TasksOptions { Slots = Slots }, TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
}
