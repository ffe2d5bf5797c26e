using System.Threading.Channels;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>Keeps what is reported, in order, and lets a test wait for it.</summary>
public sealed class ChannelProgress<T> : IProgress<T>
{
    private readonly Channel<T> _values = Channel.CreateUnbounded<T>();

    public void Report(T value) => _values.Writer.TryWrite(value);

    /// <summary>Takes values until one fits.</summary>
    public async Task<T> WaitForAsync(Func<T, bool> fits, CancellationToken cancellationToken)
    {
        await foreach (var value in _values.Reader.ReadAllAsync(cancellationToken))
        {
            if (fits(value))
            {
                return value;
            }
        }

        throw new InvalidOperationException("Nothing more is reported.");
    }

    /// <summary>Takes what is there now.</summary>
    public IReadOnlyList<T> Drain()
    {
        var values = new List<T>();
        while (_values.Reader.TryRead(out var value))
        {
            values.Add(value);
        }

        return values;
    }
}
