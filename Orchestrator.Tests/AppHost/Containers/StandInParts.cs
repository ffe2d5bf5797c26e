using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Docker.DotNet;
using Orchestrator.AppHost;

namespace Orchestrator.Tests.AppHost.Containers;

/// <summary>
/// Where an image is neither on this machine nor to be pulled, the part runs from Debian's package of it. Debian's
/// Prometheus takes nothing by OTLP, and there is no Grafana.
/// </summary>
internal sealed class StandInParts
{
    private readonly Dictionary<string, string> _missing = [];

    /// <summary>What was replaced, in a line; null when nothing was.</summary>
    public string? Told => _missing.Count == 0 ? null
        : $"Aspire tests: no registry gives {string.Join(", ", _missing.Values)}; Debian's redis-server and prometheus stand in, {Composition.Names.Grafana} is left out.";

    /// <summary>Why nothing can be pushed to Prometheus; null when it can.</summary>
    public string? WithoutOtlp => _missing.TryGetValue(Composition.Names.Prometheus, out var image)
        ? $"No registry gives {image} here, and Debian's Prometheus is older than the OTLP receiver." : null;

    /// <summary>Why there is no Grafana; null when there is one.</summary>
    public string? WithoutGrafana => _missing.TryGetValue(Composition.Names.Grafana, out var image)
        ? $"No registry gives {image} here, and Debian has no package of it." : null;

    /// <summary>Looks for every part's image, and replaces what can't be had.</summary>
    public static async Task<StandInParts> ReplaceMissingAsync(IDistributedApplicationTestingBuilder builder, IDockerClient client, CancellationToken cancellationToken)
    {
        var parts = new StandInParts();
        foreach (var container in builder.Resources.OfType<ContainerResource>().ToList())
        {
            var image = container.Annotations.OfType<ContainerImageAnnotation>().Last();
            var name = $"{(image.Registry is { } registry ? $"{registry}/" : "")}{image.Image}:{image.Tag}";
            if (await LocalImages.HaveAsync(client, name, cancellationToken))
            {
                continue;
            }

            parts._missing.Add(container.Name, name);
            (image.Registry, image.Image, image.Tag) = (null, LocalImages.Servers, LocalImages.ServersTag);
            Replace(builder, container);
        }

        if (parts._missing.Count > 0)
        {
            await LocalImages.EnsureServersAsync(client, cancellationToken);
        }

        return parts;
    }

    private static void Replace(IDistributedApplicationTestingBuilder builder, ContainerResource container)
    {
        switch (container.Name)
        {
            case Composition.Names.Redis:
                container.Annotations.Add(new CommandLineArgsCallbackAnnotation(arguments =>
                {
                    // Where the missing image works by itself.
                    arguments.Add("--dir");
                    arguments.Add("/data");
                }));
                break;
            case Composition.Names.Prometheus:
                container.Entrypoint = "/usr/bin/prometheus";
                container.Annotations.Add(new CommandLineArgsCallbackAnnotation(arguments =>
                {
                    arguments.Remove("--web.enable-otlp-receiver");
                    arguments[arguments.IndexOf("--config.file=/etc/prometheus/prometheus.otlp.yml")] = "--config.file=/etc/prometheus/prometheus.yml";
                }));
                break;
            case Composition.Names.Grafana:
                builder.Resources.Remove(container);
                foreach (var other in builder.Resources)
                {
                    other.Annotations.Add(new EnvironmentCallbackAnnotation(variables => variables.Remove(Composition.Variables.GrafanaLink)));
                }

                break;
            default:
                throw new InvalidOperationException($"Nothing stands in for {container.Name}.");
        }
    }
}
