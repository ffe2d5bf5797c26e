using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// The instance's own bridge network: containers on it reach the internet but not each other. Created when missing, also
/// after it was removed.
/// </summary>
/// <remarks>
/// On an ordinary network the engine starts a name server in each container's network, which reveals the neighbours' names,
/// and so their owners, to code in it; starting it takes a fifth of a cold start. The engine decides by the name whether a
/// network is ordinary: <c>container:x</c> is no user's network for it, and containers there get the host's name servers,
/// as on its own bridge (<c>NetworkMode.IsUserDefined</c> in Moby, which reserves <c>container:</c> alone:
/// moby/moby#51973). With an engine that refuses such a name, the runners are on an ordinary network.
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

    /// <summary>The network's id; makes no call once it is known.</summary>
    /// <exception cref="EngineException">A network of this name exists, but does not isolate containers.</exception>
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

    /// <summary>Makes sure that the network is there and isolates, whatever happened to it since its last use.</summary>
    /// <exception cref="EngineException">A network of this name exists, but does not isolate containers.</exception>
    public Task VerifyAsync(CancellationToken cancellationToken)
    {
        Forget();
        return GetAsync(cancellationToken);
    }

    /// <summary>Looks the network up again next time.</summary>
    public void Forget() => Volatile.Write(ref _id, null);

    public void Dispose() => _one.Dispose();

    // No caller's cancellation here: a creation cancelled half-way would be repeated.
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
                $"Network {name} exists, but lets containers reach each other; remove it. An engine that makes it so again, as Podman does, can't isolate runners.");
        }

        return networks.Count > 1 ? await KeepOneAsync(networks) : networks.FirstOrDefault()?.ID;
    }

    // Engines before API 1.44 create a name twice when two orchestrators, or a call before and after an outage, ask at once;
    // then they start nothing on it. The first stays, unless another one is in use already.
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
            // Another process of this orchestrator was faster.
        }
    }

    [LoggerMessage(1312, LogLevel.Information, "Created network {Name}, without traffic between containers")]
    private partial void Created(string name);

    [LoggerMessage(1313, LogLevel.Warning, "Engine refuses network name {Refused} ({Reason}); runners are on {Name}, whose name server reveals other runners' names, session ids included, to code in them")]
    private partial void NameRefused(string refused, string reason, string name);
}
