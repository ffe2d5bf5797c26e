using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Doors;

/// <summary>Opens doors.</summary>
public static class DoorHosting
{
    /// <summary>Opens a door on the port that a setting gives, 0 for a random one.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="door">The door.</param>
    /// <param name="setting">The setting's name, as <c>PORT</c>.</param>
    /// <param name="defaultPort">The port without that setting.</param>
    /// <exception cref="ConfigurationException">The setting is no port, or another door's.</exception>
    public static WebApplicationBuilder AddDoor(this WebApplicationBuilder builder, Door door, string setting, int defaultPort)
    {
        var plan = new DoorPlan(setting, ReadPort(setting, builder.Configuration[setting], defaultPort));
        var doors = GetDoors(builder);
        foreach (var (_, other) in doors.Plans)
        {
            if (plan.Asked != 0 && other.Asked == plan.Asked)
            {
                throw new ConfigurationException(setting, $"{plan.Asked} is the port of {other.Setting} already.");
            }
        }

        doors.Add(door, plan);
        return builder;
    }

    private static OpenDoors GetDoors(WebApplicationBuilder builder)
    {
        if (builder.Services.FirstOrDefault(s => s.ServiceType == typeof(OpenDoors))?.ImplementationInstance is OpenDoors known)
        {
            return known;
        }

        var doors = new OpenDoors();
        builder.Services.AddSingleton(doors);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, DoorMatcherPolicy>());
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, doors));
        return doors;
    }

    private static int ReadPort(string setting, string? value, int defaultPort)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return defaultPort;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new ConfigurationException(setting, $"'{value}' is not a port (0 to 65535).");
    }

    private static void Listen(KestrelServerOptions kestrel, OpenDoors doors)
    {
        var security = kestrel.ApplicationServices.GetRequiredService<SecurityOptions>();
        foreach (var (door, plan) in doors.Plans)
        {
            foreach (var address in security.FindAddresses())
            {
                // A random port is one port: on the first address only.
                if (plan is { Asked: 0, Listener: not null })
                {
                    break;
                }

                ListenOn(kestrel, address, door, plan);
            }
        }
    }

    private static void ListenOn(KestrelServerOptions kestrel, ListenAddress address, Door door, DoorPlan plan)
    {
        var feature = new DoorFeature(door);
        switch (address)
        {
            // Both loopbacks, or the one there is.
            case { Kind: ListenKind.Loopback } when plan.Asked != 0:
                kestrel.ListenLocalhost(plan.Asked, Configure);
                break;
            case { Kind: ListenKind.Loopback }:
                kestrel.Listen(IPAddress.Loopback, 0, Configure);
                break;
            case { Kind: ListenKind.Any }:
                kestrel.ListenAnyIP(plan.Asked, Configure);
                break;
            default:
                kestrel.Listen(address.Address!, plan.Asked, Configure);
                break;
        }

        void Configure(ListenOptions listen)
        {
            plan.Listener ??= listen;
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection =>
            {
                connection.Features.Set(feature);
                return next(connection);
            });
        }
    }
}
