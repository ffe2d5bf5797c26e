namespace Orchestrator.Guest.Connect;

/// <summary>Cancels a call when its time is over or its caller has left.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;

    private Deadline(TimeSpan? limit, CancellationToken caller)
    {
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        if (limit is { } time)
        {
            _source.CancelAfter(time);
        }
    }

    public CancellationToken Token => _source.Token;

    public bool HasPassed => _source.IsCancellationRequested && !_caller.IsCancellationRequested;

    public static Deadline Of(HttpContext context, TimeSpan? limit) => new(limit, context.RequestAborted);

    public void Dispose() => _source.Dispose();
}
