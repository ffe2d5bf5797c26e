using System.Globalization;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Probes;

/// <summary>Asks runners whether they are ready, how long they have been idle, and to end.</summary>
internal sealed class RunnerProbes(ProbeHttpClient client, ReadinessWait wait, PublishedPorts ports, TimeProvider time)
{
    private static readonly Uri Guest = new("http://guest/");
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until a runner is ready by its template's probe; without a network it is ready when it runs.</summary>
    /// <param name="spec">The runner.</param>
    /// <param name="placement">Where it is.</param>
    /// <param name="bridge">The way to its guest where it has no network; null where it has one, or no guest.</param>
    /// <param name="whyDead">Returns why it is dead; null while it runs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RunnerNotReadyException">It died, or was not ready in time.</exception>
    public async Task UntilReadyAsync(
        RunnerSpec spec,
        RunnerPlacement placement,
        IGuestConnector? bridge,
        Func<CancellationToken, Task<string?>> whyDead,
        CancellationToken cancellationToken)
    {
        var ready = spec.Template.Ready;
        using var bridged = bridge is null ? null : new ProbeHttpClient(bridge, placement);
        IReadinessProbe? probe = ready.Kind switch
        {
            ReadinessKind.Http when bridged is not null => new HttpProbe(bridged, new Uri(Guest, "/healthz")),
            _ when spec.Network == RunnerNetwork.None => null,
            ReadinessKind.Http when placement.Port is { } port => new HttpProbe(client, Address(port, ready.Path)),
            // Not the published port: the engine's proxy accepts there even when nothing listens.
            ReadinessKind.Tcp when placement.Address is { } address => new TcpProbe(address, spec.Template.ContainerPort),
            ReadinessKind.None => null,
            _ => throw new RunnerNotReadyException("It has no address to ask for its readiness."),
        };
        if (probe is not null)
        {
            await wait.UntilReadyAsync(spec.Template.Name, probe, ready.Timeout, whyDead, cancellationToken);
        }
        else if (await whyDead(cancellationToken) is { } reason)
        {
            throw new RunnerNotReadyException(reason);
        }
    }

    /// <summary>The idle time that a runner of our image reports; null when it does not report within a second.</summary>
    public async Task<TimeSpan?> GetIdleTimeAsync(RunnerPlacement placement, IGuestConnector? bridge, CancellationToken cancellationToken)
    {
        using var bridged = bridge is null ? null : new ProbeHttpClient(bridge, placement);
        using var patience = new CancellationTokenSource(IdlePatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var text = placement.Port is { } port ? await client.GetTextAsync(Address(port, "/activity"), 64, either.Token)
                : bridged is not null ? await bridged.GetTextAsync(new Uri(Guest, "/activity"), 64, either.Token)
                : null;
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e9
                ? TimeSpan.FromSeconds(seconds)
                : null;
        }
        catch (Exception error) when (error is EngineException || Unanswered(error, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>Asks a runner of our image to end now; false when it does not agree within a tenth of a second.</summary>
    public async Task<bool> AskToEndAsync(RunnerPlacement placement, string token, CancellationToken cancellationToken)
    {
        if (placement.Port is not { } port)
        {
            return false;
        }

        using var patience = new CancellationTokenSource(EndPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await client.PostAsync(Address(port, "/stop"), token, either.Token);
        }
        catch (Exception error) when (Unanswered(error, cancellationToken))
        {
            return false;
        }
    }

    private static bool Unanswered(Exception error, CancellationToken cancellationToken) =>
        error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    // Joined as text: a path of two slashes must not become another host.
    private Uri Address(int port, string pathAndQuery) =>
        new(ports.AddressOf(port).Internal.GetLeftPart(UriPartial.Authority) + pathAndQuery);
}
