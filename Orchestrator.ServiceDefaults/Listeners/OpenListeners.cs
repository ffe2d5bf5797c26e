using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>The listeners of this process.</summary>
public sealed class OpenListeners
{
    private readonly SortedDictionary<Listener, ListenerPlan> _listeners = [];

    /// <summary>The listeners that this process has.</summary>
    public IReadOnlyCollection<Listener> All => _listeners.Keys;

    /// <summary>The port of a listener: the one it listens on once the process has started, which tells a random one.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that listener.</exception>
    public int PortOf(Listener listener) => _listeners[listener].Port;

    /// <summary>The address of a listener as people on this machine call it.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that listener.</exception>
    public string AddressOf(Listener listener) => $"http://{_listeners[listener].Host}:{PortOf(listener)}";

    internal void Add(Listener listener) => _listeners.Add(listener, new ListenerPlan());

    internal IEnumerable<KeyValuePair<Listener, ListenerPlan>> Plans => _listeners;
}

/// <summary>Where a listener is meant to listen.</summary>
internal sealed class ListenerPlan
{
    /// <summary>The port that was asked for, 0 for a random one.</summary>
    public int Asked { get; set; }

    /// <summary>The first of its endpoints; Kestrel writes the port that it got into it.</summary>
    public ListenOptions? Bound { get; set; }

    public int Port => Asked != 0 ? Asked : Bound?.IPEndPoint?.Port ?? 0;

    public string Host =>
        Bound?.IPEndPoint?.Address is { } address && !IPAddress.IsLoopback(address) && !IsAny(address)
            ? address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()
            : "localhost";

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
