using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Listeners;

/// <summary>Opens listeners.</summary>
public static class ListenerHosting
{
    /// <summary>Opens a listener on its port (<see cref="PortOptions"/>), which is checked at the start.</summary>
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
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, ListenerMatcherPolicy>());
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, listeners));
        return listeners;
    }

    private static void Listen(KestrelServerOptions kestrel, OpenListeners listeners)
    {
        // The server is made while the process is built, and is the first to read a setting: before that, all are checked.
        kestrel.ApplicationServices.GetService<IStartupValidator>()?.Validate();
        var security = kestrel.ApplicationServices.GetRequiredService<SecurityOptions>();
        var ports = kestrel.ApplicationServices.GetRequiredService<PortOptions>();
        foreach (var (listener, plan) in listeners.Plans)
        {
            plan.Asked = ports.Of(listener);
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
