using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>Opens listeners.</summary>
public static class ListenerHosting
{
    /// <summary>Opens a listener on its port (<see cref="PortOptions"/>), which is validated at start.</summary>
    public static WebApplicationBuilder AddListener(this WebApplicationBuilder builder, Listener listener)
    {
        GetListeners(builder).Add(listener);
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
        builder.Services.AddOptions<PortOptions>().BindConfiguration(PortOptions.Section).ValidateSettings(PortOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<PortOptions>, PortRules>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => ConnectionLimits.Of(services.GetRequiredService<SecurityOptions>().MaxConnections));
        builder.Services.AddSingleton<ConnectionGate>();
        // The gate is created when a listener opens, after the settings have been validated.
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new GatedTransport(
            services.GetRequiredService<ConnectionGate>,
            services.GetRequiredService<IOptions<SocketTransportOptions>>(),
            services.GetRequiredService<ILoggerFactory>()));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, ListenerMatcherPolicy>());
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, listeners));
        return listeners;
    }

    private static void Listen(KestrelServerOptions kestrel, OpenListeners listeners)
    {
        // The server is created while the process is built and reads settings first, so all are validated before.
        kestrel.ApplicationServices.GetService<IStartupValidator>()?.Validate();
        var security = kestrel.ApplicationServices.GetRequiredService<SecurityOptions>();
        var ports = kestrel.ApplicationServices.GetRequiredService<PortOptions>();
        var gate = kestrel.ApplicationServices.GetRequiredService<ConnectionGate>();
        foreach (var (listener, plan) in listeners.Plans)
        {
            plan.Asked = ports.Of(listener);
            foreach (var address in security.FindAddresses())
            {
                // Each address would get another random port: listen on the first only.
                if (plan is { Asked: 0, Bound: not null })
                {
                    break;
                }

                ListenOn(kestrel, gate, address, listener, plan);
            }
        }
    }

    private static void ListenOn(KestrelServerOptions kestrel, ConnectionGate gate, ListenAddress address, Listener listener, ListenerPlan plan)
    {
        var feature = new ListenerFeature(listener);
        switch (address)
        {
            // Both loopbacks, or the one that exists.
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
                return gate.RunAsync(connection, next);
            });
        }
    }
}
