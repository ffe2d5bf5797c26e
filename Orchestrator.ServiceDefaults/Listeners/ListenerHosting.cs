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

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>Opens listeners.</summary>
public static class ListenerHosting
{
    /// <summary>Opens a listener on the port that a setting gives, 0 for a random one.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="listener">The listener.</param>
    /// <param name="setting">The setting's name, as <c>PORT</c>.</param>
    /// <param name="defaultPort">The port without that setting.</param>
    /// <exception cref="ConfigurationException">The setting is no port, or another listener's.</exception>
    public static WebApplicationBuilder AddListener(this WebApplicationBuilder builder, Listener listener, string setting, int defaultPort)
    {
        var plan = new ListenerPlan(setting, ReadPort(setting, builder.Configuration[setting], defaultPort));
        var listeners = GetListeners(builder);
        foreach (var (_, other) in listeners.Plans)
        {
            if (plan.Asked != 0 && other.Asked == plan.Asked)
            {
                throw new ConfigurationException(setting, $"{plan.Asked} is the port of {other.Setting} already.");
            }
        }

        listeners.Add(listener, plan);
        return builder;
    }

    private static OpenListeners GetListeners(WebApplicationBuilder builder)
    {
        if (builder.Services.FirstOrDefault(s => s.ServiceType == typeof(OpenListeners))?.ImplementationInstance is OpenListeners known)
        {
            return known;
        }

        var listeners = new OpenListeners();
        builder.Services.AddSingleton(listeners);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, ListenerMatcherPolicy>());
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, listeners));
        return listeners;
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

    private static void Listen(KestrelServerOptions kestrel, OpenListeners listeners)
    {
        var security = kestrel.ApplicationServices.GetRequiredService<SecurityOptions>();
        foreach (var (listener, plan) in listeners.Plans)
        {
            foreach (var address in security.FindAddresses())
            {
                // A random port is one port: on the first address only.
                if (plan is { Asked: 0, Bound: not null })
                {
                    break;
                }

                ListenOn(kestrel, address, listener, plan);
            }
        }
    }

    private static void ListenOn(KestrelServerOptions kestrel, ListenAddress address, Listener listener, ListenerPlan plan)
    {
        var feature = new ListenerFeature(listener);
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
            plan.Bound ??= listen;
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection =>
            {
                connection.Features.Set(feature);
                return next(connection);
            });
        }
    }
}
