using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>Finds what keeps the engine from starting a template's runners, without starting one.</summary>
internal sealed class DockerObstacles(DockerCalls calls, DockerImages images, DockerBridge bridge, TimeProvider time)
{
    // Processors and runtimes change with the engine's configuration only.
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private volatile Tuple<SystemInfoResponse, long>? _known;

    /// <inheritdoc cref="IRunnerEngine.FindObstacleAsync"/>
    public async Task<StartObstacle?> FindAsync(RunnerTemplate template, CancellationToken cancellationToken)
    {
        var engine = await GetFactsAsync(cancellationToken);
        if (engine.NCPU > 0 && template.Limits.Cpus > engine.NCPU)
        {
            return new StartObstacle(string.Create(CultureInfo.InvariantCulture,
                $"invalid value '{template.Limits.Cpus}'. The engine has {engine.NCPU} processors."), "Limits:Cpus");
        }

        if (template.Runtime is { } runtime && engine.Runtimes is { Count: > 0 } runtimes && !IsKnown(runtime, runtimes.Keys))
        {
            return new StartObstacle(
                $"invalid value '{runtime}'. The engine knows {string.Join(", ", runtimes.Keys.Order(StringComparer.Ordinal))}.", "Runtime");
        }

        if (template.Pull == PullPolicy.Never && await images.LookUpAsync(template.Image, cancellationToken) is null)
        {
            return new StartObstacle($"Image {template.Image} not found.");
        }

        try
        {
            await bridge.VerifyAsync(cancellationToken);
            return null;
        }
        catch (EngineException error) when (error is not EngineUnavailableException)
        {
            return new StartObstacle(error.Message);
        }
    }

    // The engine also takes the names and paths of containerd's shims, which it does not list.
    private static bool IsKnown(string runtime, IEnumerable<string> listed) =>
        listed.Contains(runtime, StringComparer.Ordinal) || runtime.Contains('.') || runtime.Contains('/');

    private async Task<SystemInfoResponse> GetFactsAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetElapsedTime(known.Item2) < Remembered)
        {
            return known.Item1;
        }

        try
        {
            var facts = await calls.RepeatedAsync(
                "look at the engine", (client, token) => client.System.GetSystemInfoAsync(token), cancellationToken);
            _known = Tuple.Create(facts, time.GetTimestamp());
            return facts;
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException("look at the engine");
        }
    }
}
