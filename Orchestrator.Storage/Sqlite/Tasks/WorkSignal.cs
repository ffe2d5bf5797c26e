namespace Orchestrator.Storage.Sqlite.Tasks;

/// <summary>Signals waiting callers in this process that there may be work.</summary>
internal sealed class WorkSignal
{
    private Action[] _listeners = [];

    public void Wake()
    {
        foreach (var listener in Volatile.Read(ref _listeners))
        {
            listener();
        }
    }

    public IDisposable Subscribe(Action wake)
    {
        // Each subscription is an object of its own, even for the same action twice.
        var own = new Action(() => wake());
        Change(listeners => [.. listeners, own]);
        return new Subscription(() => Change(listeners => [.. listeners.Where(listener => listener != own)]));
    }

    private void Change(Func<Action[], Action[]> change)
    {
        for (var seen = Volatile.Read(ref _listeners); ;)
        {
            var other = Interlocked.CompareExchange(ref _listeners, change(seen), seen);
            if (other == seen)
            {
                return;
            }

            seen = other;
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
