using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>The named steps of <c>AppHost.cs</c>.</summary>
internal static class Parts
{
    /// <summary>The configured port of a variable or setting; null for a random one.</summary>
    /// <exception cref="LaunchException">It is not a port, or is in use.</exception>
    public static int? PortOf(this IDistributedApplicationBuilder builder, string variable, int usual)
    {
        var text = builder.Configuration[variable];
        if (!ushort.TryParse(text is { Length: > 0 } ? text : $"{usual}", NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw new LaunchException($"Invalid value '{text}' for {variable}: must be a port, 0 to 65535.");
        }

        // Tests randomize all ports; a publish operation opens none.
        if (!builder.ExecutionContext.IsRunMode || builder.RandomizesPorts())
        {
            return usual;
        }

        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return port == 0 ? null : port;
        }
        catch (SocketException)
        {
            throw new LaunchException($"port {port} is in use; stop what listens there, or choose another: {variable}={(port + 10_000) % 65_536}");
        }
    }

    /// <summary>
    /// The instance that the runners belong to: <c>Instance</c>, by default that of <c>./orchestrator up</c> on the same port,
    /// or a random one for a random port. Two AppHosts on one engine never mistake each other's runners for orphans.
    /// </summary>
    public static string InstanceName(this IDistributedApplicationBuilder builder)
    {
        if (builder.Configuration["Instance"] is { Length: > 0 } named)
        {
            return named;
        }

        return !builder.ExecutionContext.IsRunMode ? "aspire"
            : builder.PortOf(Variables.SessionsPort, Ports.Sessions) is { } port && !builder.RandomizesPorts()
                ? string.Create(CultureInfo.InvariantCulture, $"port-{port}")
                : $"aspire-{Guid.NewGuid():N}";
    }

    /// <summary>The AppHost's environment where it runs here, and settings as on the service's command line.</summary>
    public static IResourceBuilder<ProjectResource> WithSettings(this IResourceBuilder<ProjectResource> service, string[] settings) =>
        service.ApplicationBuilder.ExecutionContext.IsRunMode
            ? service.WithArgs(settings).WithEnvironment(Variables.Environment, service.ApplicationBuilder.Environment.EnvironmentName)
            : service;

    /// <summary>
    /// Makes a service push its metrics to Prometheus where that is a container; a program scrapes instead. Exports are not
    /// retried, the product's default: a rejected item is counted as lost, and a second attempt would count it again.
    /// The log keeps the product's format too, one line an event with the trace's id.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithTelemetry(this IResourceBuilder<ProjectResource> service, IResourceBuilder<IResourceWithEndpoints>? prometheus)
    {
        service.WithEnvironment(context =>
        {
            context.EnvironmentVariables.Remove("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY");
            context.EnvironmentVariables.Remove("LOGGING__CONSOLE__FORMATTERNAME");
        });
        return prometheus is { Resource: ContainerResource } ? service.WithLink(Variables.PrometheusOtlp, prometheus) : service;
    }

    /// <summary>The address of a part, where there is one.</summary>
    public static IResourceBuilder<ProjectResource> WithLink(this IResourceBuilder<ProjectResource> service, string variable, IResourceBuilder<IResourceWithEndpoints>? part) =>
        part is null ? service : service.WithEnvironment(variable, part.GetEndpoint("http"));

    private static bool RandomizesPorts(this IDistributedApplicationBuilder builder) => builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts");

    /// <summary>Sets the engine of the runners, unless the choice is the API's.</summary>
    public static IResourceBuilder<ProjectResource> WithEngine(this IResourceBuilder<ProjectResource> api, Machine machine) =>
        machine.Engine is null ? api : api.WithEnvironment(Variables.Engine, machine.Engine);

    /// <summary>Adds a button that replaces every idle runner.</summary>
    public static IResourceBuilder<ProjectResource> WithDrainCommand(this IResourceBuilder<ProjectResource> api) => api.WithHttpCommand(
        "/api/runner/drain", "Drain the pool", endpointName: "sessions", commandName: "drain", commandOptions: new HttpCommandOptions
        {
            Description = "Removes every idle runner and machine; fresh ones take their places. Leased ones stay.",
            ConfirmationMessage = "Remove every idle runner?",
            IconName = "ArrowSync",
        });

    /// <summary>Builds the image of the runners as a part of the application, where an engine can build it.</summary>
    public static void AddRunnerImage(this IDistributedApplicationBuilder builder, Machine machine)
    {
        if (machine.BuildsRunnerImage)
        {
            // It exits once the image is built; its start button on the dashboard rebuilds it.
            builder.AddExecutable(Names.RunnerImage, "./build-runner-image", "../eng/images").WithIconName("BoxMultiple").ExcludeFromManifest();
        }
    }
}
