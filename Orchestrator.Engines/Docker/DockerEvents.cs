using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// The engine's events of one instance's containers, and of execs inside them for <see cref="CodeAgents"/> and
/// <see cref="StartCommands"/>.
/// </summary>
internal sealed class DockerEvents(DockerCalls calls, RunnersOptions options, CodeAgents agents, StartCommands startCommands, TimeProvider time)
{
    // A reader that falls this far behind lists everything instead.
    private const int Held = 16_384;

    // A connection that died silently is noticed this late at most; the next one resumes where the last one stood.
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(5);

    // The engine replays what it still remembers since then, so nothing is lost while a connection is made.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private static readonly string[] Actions = ["start", "pause", "die", "oom", "destroy", "exec_die"];

    private long _last;

    /// <summary>Events as they come, until the connection is lost.</summary>
    /// <exception cref="EngineUnavailableException">The connection was lost, or the reader too slow.</exception>
    public async IAsyncEnumerable<RunnerEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<RunnerEvent>(new BoundedChannelOptions(Held) { SingleReader = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        agents.LookAgain();
        var listening = ListenAsync(channel.Writer, stop.Token);
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return happened;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await listening;
        }
    }

    private async Task ListenAsync(ChannelWriter<RunnerEvent> writer, CancellationToken cancellationToken)
    {
        try
        {
            while (await ListenOnceAsync(writer, cancellationToken))
            {
            }

            writer.TryComplete(new EngineUnavailableException("The engine ended the stream of events."));
        }
        catch (DockerApiException error)
        {
            writer.TryComplete(new EngineUnavailableException($"The engine gives no events: {error.Text()}", error));
        }
        catch (Exception error)
        {
            writer.TryComplete(error);
        }
    }

    /// <returns>True when only the renewal is due.</returns>
    private async Task<bool> ListenOnceAsync(ChannelWriter<RunnerEvent> writer, CancellationToken cancellationToken)
    {
        using var renewal = new CancellationTokenSource(Renewal, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, renewal.Token);
        try
        {
            await calls.StreamAsync(
                "watch events",
                (client, token) => client.System.MonitorEventsAsync(Parameters(), new Receiver(message => Take(message, writer)), token),
                either.Token);
            return false;
        }
        catch (OperationCanceledException) when (renewal.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    private ContainerEventsParameters Parameters()
    {
        var filters = DockerLabels.Filter((DockerLabels.Instance, options.Instance));
        filters["type"] = new Dictionary<string, bool> { ["container"] = true };
        filters["event"] = Actions.ToDictionary(name => name, _ => true);
        var since = Interlocked.Read(ref _last) is > 0 and var last
            ? last + 1
            : (time.GetUtcNow() - Before).ToUnixTimeMilliseconds() * 1_000_000;
        return new ContainerEventsParameters
        {
            Filters = filters,
            Since = string.Create(CultureInfo.InvariantCulture, $"{since / 1_000_000_000}.{since % 1_000_000_000:d9}"),
        };
    }

    private void Take(Message message, ChannelWriter<RunnerEvent> writer)
    {
        if (message.TimeNano is { } at)
        {
            Interlocked.Exchange(ref _last, at);
        }

        if (message.Actor is not { ID: { } containerId, Attributes: { } attributes })
        {
            return;
        }

        if (message.Action == "exec_die")
        {
            if (attributes.TryGetValue("execID", out var execId))
            {
                agents.ExecEnded(containerId, execId);
                startCommands.ExecEnded(containerId, execId, attributes.TryGetValue("exitCode", out var code) ? code : "unknown");
            }

            return;
        }

        if (KindOf(message.Action) is not { } kind || !attributes.TryGetValue(DockerLabels.Runner, out var runnerId))
        {
            return;
        }

        if (kind == RunnerEventKind.Removed)
        {
            agents.Forget(containerId);
        }

        if (!writer.TryWrite(new RunnerEvent(kind, runnerId)))
        {
            throw new EngineUnavailableException("Events came faster than they were read.");
        }
    }

    private static RunnerEventKind? KindOf(string action) => action switch
    {
        "start" => RunnerEventKind.Started,
        "pause" => RunnerEventKind.Paused,
        "die" => RunnerEventKind.Died,
        "oom" => RunnerEventKind.OutOfMemory,
        "destroy" => RunnerEventKind.Removed,
        _ => null,
    };

    // Progress<T> would deliver on the thread pool, out of order.
    private sealed class Receiver(Action<Message> take) : IProgress<Message>
    {
        public void Report(Message value) => take(value);
    }
}
