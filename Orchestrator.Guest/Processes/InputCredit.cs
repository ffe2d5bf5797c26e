using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Processes;

/// <summary>Counts the input that is on its way to a process, so that what has to reach the agent never waits behind input
/// that the process does not read. Thread-safe.</summary>
internal sealed class InputCredit
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _more;
    private int _left = Frame.InputWindow;
    private bool _ended;

    /// <summary>Takes some of it, waiting until there is any.</summary>
    /// <param name="wanted">The bytes to send.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The bytes that may be sent; 0 when the process has ended.</returns>
    public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_ended)
                {
                    return 0;
                }

                if (_left > 0)
                {
                    var taken = Math.Min(_left, wanted);
                    _left -= taken;
                    return taken;
                }

                _more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The process took so much.</summary>
    public void Return(int count) => Change(() => _left = Math.Min(_left + count, Frame.InputWindow));

    /// <summary>Nothing is taken any more.</summary>
    public void End() => Change(() => _ended = true);

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _more?.SetResult();
            _more = null;
        }
    }
}
