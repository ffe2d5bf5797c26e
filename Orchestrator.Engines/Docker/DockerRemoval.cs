using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Resilience;
using Polly;

namespace Orchestrator.Engines.Docker;

/// <summary>Kills and removes containers, with their volumes.</summary>
internal sealed class DockerRemoval(DockerCalls calls, TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    // The engine fails when an exec ends, or begins, in a container that it is removing: "unable to remove filesystem:
    // directory not empty". It leaves a dead container, which it removes when asked again.
    private readonly ResiliencePipeline _insisting = ResilienceDefaults.Guard("engine", time)
        .AddBoundedRetry(new PredicateBuilder().Handle<DockerApiException>(error => (int)error.StatusCode >= 500 && !error.IsStopping()), BetweenLooks)
        .Build();

    /// <summary>Removes a container by its id or name; one that is gone is no error.</summary>
    /// <exception cref="EngineException">The engine refused three times, or a removal begun elsewhere does not end.</exception>
    public async Task RemoveAsync(string container, CancellationToken cancellationToken)
    {
        var parameters = new ContainerRemoveParameters { Force = true, RemoveVolumes = true };
        try
        {
            await _insisting.ExecuteAsync(
                async stop => await calls.RepeatedAsync(
                    "remove a container", (client, token) => client.Containers.RemoveContainerAsync(container, parameters, token), stop),
                cancellationToken);
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
        }
        catch (DockerApiException error) when (error.IsBeingRemoved())
        {
            await UntilGoneAsync(container, cancellationToken);
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"remove container {container}");
        }
    }

    /// <summary>Waits, a second at most, until a container whose program is ending is dead. Its removal meets any failure again.</summary>
    public async Task UntilDeadAsync(string containerId, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(EndLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await calls.StreamAsync(
                "wait for a container's end", (client, token) => client.Containers.WaitContainerAsync(containerId, token), either.Token);
        }
        catch (Exception error) when (error is EngineException or DockerApiException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
        }
    }

    private async Task UntilGoneAsync(string container, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        try
        {
            do
            {
                await Task.Delay(BetweenLooks, time, cancellationToken);
                await calls.RepeatedAsync(
                    "look at a container", (client, token) => client.Containers.InspectContainerAsync(container, token), cancellationToken);
            }
            while (time.GetElapsedTime(began) < calls.Options.CallTimeout);
        }
        catch (DockerApiException error) when (error.IsNotFound())
        {
            return;
        }

        throw new EngineException($"The removal of container {container} has begun, but does not end.");
    }
}
