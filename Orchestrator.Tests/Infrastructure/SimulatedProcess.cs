namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// An orchestrator's process as engine and store see it. Killed, it does nothing any more: whatever it was about to do
/// never happens and whatever it waits for never comes, as after <c>kill -9</c>. Frozen, it stands still until thawed.
/// </summary>
internal sealed class SimulatedProcess
{
    private readonly TaskCompletionSource _never = new();
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _frozen = Done();
    private int _steps;

    /// <summary>The step before which the process is killed; counted from 1. Every call has one before and one after its effect.</summary>
    public int? KillAt { get; init; }

    /// <summary>How many steps it has made.</summary>
    public int Steps => Volatile.Read(ref _steps);

    /// <summary>Ends when the process was killed.</summary>
    public Task Killed => _killed.Task;

    /// <summary>What it did, for the message of a failed test.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Journal { get; } = new();

    public void Kill() => _killed.TrySetResult();

    public void Freeze() => _frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw() => _frozen.TrySetResult();

    /// <summary>Every effect on the world passes through here twice: before it and after it.</summary>
    public async Task StepAsync(string what)
    {
        var step = Interlocked.Increment(ref _steps);
        Journal.Enqueue($"{step} {what}");
        if (step == KillAt)
        {
            Kill();
        }

        await _frozen.Task;
        if (_killed.Task.IsCompleted)
        {
            await _never.Task;
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
