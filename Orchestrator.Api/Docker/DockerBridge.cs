using Docker.DotNet;
using Docker.DotNet.Models;
using Orchestrator.Core.Runners.Engine;
using Orchestrator.Core.Runners.Options;

namespace Orchestrator.Api.Docker;

/// <summary>
/// The group's own bridge network: containers on it reach the internet and nothing of each other. Made when missing,
/// also when it vanished meanwhile.
/// </summary>
internal sealed partial class DockerBridge(DockerCalls calls, RunnersOptions options, ILogger<DockerBridge> logger) : IDisposable
{
    /// <summary>The engine's name for having no network.</summary>
    public const string None = "none";

    private const string Isolation = "com.docker.network.bridge.enable_icc";

    private readonly SemaphoreSlim _one = new(1);
    private string? _id;

    /// <summary>The network's name.</summary>
    public string Name { get; } = $"orchestrator-{options.Instance}";

    /// <summary>The network's id; no call once it is known.</summary>
    /// <exception cref="EngineException">A network of this name is there, but does not isolate containers.</exception>
    public async Task<string> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _id) is { } known)
        {
            return known;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_id is null)
            {
                if (await FindAsync() is null)
                {
                    await CreateAsync();
                }

                Volatile.Write(ref _id, await FindAsync());
            }

            return _id ?? throw new EngineException($"Network {Name} was removed as soon as it was made.");
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"prepare network {Name}");
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Looks for the network anew next time.</summary>
    public void Forget() => Volatile.Write(ref _id, null);

    public void Dispose() => _one.Dispose();

    // No caller's cancellation here: a creation broken off half-way would be made a second time.
    private async Task<string?> FindAsync()
    {
        var byName = new NetworksListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["name"] = new Dictionary<string, bool> { [Name] = true } },
        };
        var listed = await calls.RepeatedAsync(
            "look up the network", (client, token) => client.Networks.ListNetworksAsync(byName, token), CancellationToken.None);
        var networks = listed.Where(n => n.Name == Name).OrderBy(n => n.Created).ThenBy(n => n.ID, StringComparer.Ordinal).ToList();
        if (networks.Any(n => n.Options is null || !n.Options.TryGetValue(Isolation, out var icc) || icc != "false"))
        {
            throw new EngineException(
                $"Network {Name} is there, but lets containers reach each other; remove it. An engine that makes it so again, as Podman does, can't keep runners apart.");
        }

        return networks.Count > 1 ? await KeepOneAsync(networks) : networks.FirstOrDefault()?.ID;
    }

    // Engines before API 1.44 make a name twice when two orchestrators, or a call before and after an outage, ask at
    // once; then they start nothing on it. The first stays, unless another one is in use already.
    private async Task<string?> KeepOneAsync(List<NetworkResponse> networks)
    {
        foreach (var network in Enumerable.Reverse(networks).ToList())
        {
            if (networks.Count > 1 && await TryDeleteAsync(network.ID))
            {
                networks.Remove(network);
            }
        }

        return networks[0].ID;
    }

    private async Task<bool> TryDeleteAsync(string id)
    {
        try
        {
            await calls.RepeatedAsync(
                "remove a surplus network", (client, token) => client.Networks.DeleteNetworkAsync(id, token), CancellationToken.None);
            return true;
        }
        catch (DockerApiException error)
        {
            return error.IsNotFound();
        }
    }

    private async Task CreateAsync()
    {
        var parameters = new NetworksCreateParameters
        {
            Name = Name,
            Driver = "bridge",
            Options = new Dictionary<string, string> { [Isolation] = "false" },
            Labels = new Dictionary<string, string> { [DockerLabels.Instance] = options.Instance },
        };
        try
        {
            await calls.OnceAsync(
                "create the network", calls.Options.CallTimeout,
                (client, token) => client.Networks.CreateNetworkAsync(parameters, token), CancellationToken.None);
            Created(Name);
        }
        catch (DockerApiException error) when (error.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
            // Another instance of this orchestrator was faster.
        }
    }

    [LoggerMessage(1312, LogLevel.Information, "Created network {Name}, without traffic between containers")]
    private partial void Created(string name);
}
