using System.Globalization;
using System.Net;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Reads everything that the operator can set, once, before anything starts.</summary>
internal static class OptionsHosting
{
    private const string RunnersSection = "Runners";
    private const string MachinesSection = "Machines";

    /// <summary>Registers the options, the templates made of them and the public address.</summary>
    /// <exception cref="ConfigurationException">A setting is wrong.</exception>
    public static WebApplicationBuilder AddRunnerOptions(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        EnvironmentVariables.Apply(configuration);
        // Two orchestrators on one engine differ in their ports; their runners must, too.
        if (string.IsNullOrWhiteSpace(configuration[$"{RunnersSection}:{nameof(RunnersOptions.Instance)}"]))
        {
            configuration[$"{RunnersSection}:{nameof(RunnersOptions.Instance)}"] = $"port-{ReadPort(configuration)}";
        }

        var runners = OptionsReader.Read<RunnersOptions>(configuration, RunnersSection, (section, options) => section.Bind(options));
        var machines = OptionsReader.Read<MachinesOptions>(configuration, MachinesSection, (section, options) => section.Bind(options));
        if (!IPAddress.TryParse(runners.Bind, out _))
        {
            throw new ConfigurationException(NameOf(nameof(RunnersOptions.Bind)), $"'{runners.Bind}' is not an IP address.");
        }

        builder.Services.AddSingleton(runners);
        builder.Services.AddSingleton(machines);
        builder.Services.AddSingleton(new RunnerTemplates([runners.ToTemplate(), machines.ToTemplate()]));
        builder.Services.AddSingleton(new PublicAddress(runners.Host, NameOf(nameof(RunnersOptions.Host))));
        return builder;

        string NameOf(string key) => EnvironmentVariables.NameOf(configuration, $"{RunnersSection}:{key}");
    }

    private static string ReadPort(ConfigurationManager configuration) =>
        string.IsNullOrWhiteSpace(configuration["PORT"])
            ? ApiDoors.SessionsPort.ToString(CultureInfo.InvariantCulture)
            : configuration["PORT"]!.Trim();
}
