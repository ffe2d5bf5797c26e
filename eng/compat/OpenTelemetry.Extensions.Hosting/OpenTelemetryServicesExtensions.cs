using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The entry to telemetry for applications with a host.</summary>
public static class OpenTelemetryServicesExtensions
{
    /// <summary>
    /// Adds the SDK. Its providers start with the host, before every hosted service registered so far or later, so
    /// that what those do at their start is seen; the container disposes, and so flushes, them at its end.
    /// </summary>
    public static OpenTelemetryBuilder AddOpenTelemetry(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(service => service.ImplementationType == typeof(TelemetryHostedService)))
        {
            services.TryAddSingleton<ITelemetryHostInitializer, TelemetryHostInitializer>();
            services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryHostedService>());
        }

        return new OpenTelemetryBuilder(services);
    }
}
