using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>The listeners of this process.</summary>
public sealed class OpenListeners
{
    private readonly SortedDictionary<Listener, ListenerPlan> _listeners = [];

    /// <summary>The listeners that this process has.</summary>
    public IReadOnlyCollection<Listener> All => _listeners.Keys;

    /// <summary>The port of a listener; once the process has started, the actual one in place of 0.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that listener.</exception>
    public int PortOf(Listener listener) => _listeners[listener].Port;

    /// <summary>The address of a listener for callers on this machine.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that listener.</exception>
    public string AddressOf(Listener listener) => $"http://{_listeners[listener].Host}:{PortOf(listener)}";

    internal void Add(Listener listener) => _listeners.Add(listener, new ListenerPlan());

    internal IEnumerable<KeyValuePair<Listener, ListenerPlan>> Plans => _listeners;
}

/// <summary>The configured place of a listener.</summary>
internal sealed class ListenerPlan
{
    /// <summary>The configured port, 0 for a random one.</summary>
    public int Asked { get; set; }

    /// <summary>The first of its endpoints; Kestrel writes the actual port into it.</summary>
    public ListenOptions? Bound { get; set; }

    public int Port => Asked != 0 ? Asked : Bound?.IPEndPoint?.Port ?? 0;

    public string Host =>
        Bound?.IPEndPoint?.Address is { } address && !IPAddress.IsLoopback(address) && !IsAny(address)
            ? address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()
            : "localhost";

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
