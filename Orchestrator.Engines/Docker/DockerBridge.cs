using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// The instance's own bridge network: containers on it reach the internet and nothing of each other. Made when missing,
/// also when it vanished meanwhile.
/// </summary>
/// <remarks>
/// On an ordinary network the engine starts a name server in each container's network, which tells code in it what its
/// neighbours are called, and so whose they are; starting it takes a fifth of a cold start. Whether a network is ordinary
/// the engine tells by its name: <c>container:x</c> is for it no user's network, and containers there get the host's name
/// servers, as on its own bridge (<c>NetworkMode.IsUserDefined</c> in Moby, which reserves <c>container:</c> alone:
/// moby/moby#51973). An engine that refuses such a name has the runners on an ordinary network.
/// </remarks>
internal sealed partial class DockerBridge(DockerCalls calls, RunnersOptions options, ILogger<DockerBridge> logger) : IDisposable
{
    /// <summary>The engine's name for having no network.</summary>
    public const string None = "none";

    private const string Isolation = "com.docker.network.bridge.enable_icc";

    private readonly string _name = $"container:orchestrator-{options.Instance}";
    private readonly string _ordinaryName = $"orchestrator-{options.Instance}";
    private readonly SemaphoreSlim _one = new(1);
    private string? _id;

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
                Volatile.Write(ref _id, await FindOrCreateAsync());
            }

            return _id ?? throw new EngineException($"Network {_name} was removed as soon as it was made.");
        }
        catch (DockerApiException error)
        {
            throw error.ToEngineException($"prepare network {_name}");
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
    private async Task<string?> FindOrCreateAsync()
    {
        try
        {
            return await FindOrCreateAsync(_name);
        }
        catch (DockerApiException error) when (error.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden)
        {
            var id = await FindOrCreateAsync(_ordinaryName);
            NameRefused(_name, error.Text(), _ordinaryName);
            return id;
        }
    }

    private async Task<string?> FindOrCreateAsync(string name)
    {
        if (await FindAsync(name) is null)
        {
            await CreateAsync(name);
        }

        return await FindAsync(name);
    }

    private async Task<string?> FindAsync(string name)
    {
        var byName = new NetworksListParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>> { ["name"] = new Dictionary<string, bool> { [name] = true } },
        };
        var listed = await calls.RepeatedAsync(
            "look up the network", (client, token) => client.Networks.ListNetworksAsync(byName, token), CancellationToken.None);
        var networks = listed.Where(n => n.Name == name).OrderBy(n => n.Created).ThenBy(n => n.ID, StringComparer.Ordinal).ToList();
        if (networks.Any(n => n.Options is null || !n.Options.TryGetValue(Isolation, out var icc) || icc != "false"))
        {
            throw new EngineException(
                $"Network {name} is there, but lets containers reach each other; remove it. An engine that makes it so again, as Podman does, can't keep runners apart.");
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

    private async Task CreateAsync(string name)
    {
        var parameters = new NetworksCreateParameters
        {
            Name = name,
            Driver = "bridge",
            Options = new Dictionary<string, string> { [Isolation] = "false" },
            Labels = new Dictionary<string, string> { [DockerLabels.Instance] = options.Instance },
        };
        try
        {
            await calls.OnceAsync(
                "create the network", calls.Options.CallTimeout,
                (client, token) => client.Networks.CreateNetworkAsync(parameters, token), CancellationToken.None);
            Created(name);
        }
        catch (DockerApiException error) when (error.StatusCode == HttpStatusCode.Conflict)
        {
            // Another instance of this orchestrator was faster.
        }
    }

    [LoggerMessage(1312, LogLevel.Information, "Created network {Name}, without traffic between containers")]
    private partial void Created(string name);

    [LoggerMessage(1313, LogLevel.Warning, "The engine refuses a network called {Refused} ({Reason}), so runners are on {Name}, where its name server tells code in them how other runners are called, session ids included")]
    private partial void NameRefused(string refused, string reason, string name);
}
