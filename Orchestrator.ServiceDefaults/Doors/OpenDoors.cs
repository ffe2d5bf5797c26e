using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Orchestrator.ServiceDefaults.Doors;

/// <summary>The doors of this process.</summary>
public sealed class OpenDoors
{
    private readonly SortedDictionary<Door, DoorPlan> _doors = [];

    /// <summary>The doors that this process has.</summary>
    public IReadOnlyCollection<Door> All => _doors.Keys;

    /// <summary>The port of a door: the one it listens on once the process has started, which tells a random one.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that door.</exception>
    public int PortOf(Door door) => _doors[door].Port;

    /// <summary>The address of a door as people on this machine call it.</summary>
    /// <exception cref="KeyNotFoundException">This process does not have that door.</exception>
    public string AddressOf(Door door) => $"http://{_doors[door].Host}:{PortOf(door)}";

    internal void Add(Door door, DoorPlan plan) => _doors.Add(door, plan);

    internal IEnumerable<KeyValuePair<Door, DoorPlan>> Plans => _doors;
}

/// <summary>Where a door is meant to listen.</summary>
internal sealed class DoorPlan(string setting, int port)
{
    /// <summary>The setting that gives the port.</summary>
    public string Setting => setting;

    /// <summary>The port that was asked for, 0 for a random one.</summary>
    public int Asked => port;

    /// <summary>The first of its listeners; Kestrel writes the port that it got into it.</summary>
    public ListenOptions? Listener { get; set; }

    public int Port => port != 0 ? port : Listener?.IPEndPoint?.Port ?? 0;

    public string Host =>
        Listener?.IPEndPoint?.Address is { } address && !IPAddress.IsLoopback(address) && !IsAny(address)
            ? address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString()
            : "localhost";

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
