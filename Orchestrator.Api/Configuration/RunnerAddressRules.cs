using System.Net;
using Microsoft.Extensions.Options;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>Validates the hosts and addresses of section <c>Runners</c>.</summary>
internal sealed class RunnerAddressRules(IConfiguration configuration) : IValidateOptions<RunnersOptions>
{
    public ValidateOptionsResult Validate(string? name, RunnersOptions options) =>
        !IPAddress.TryParse(options.Bind, out _) ? Wrong(nameof(RunnersOptions.Bind), $"'{options.Bind}' is not an IP address.")
        : !PublishedPorts.IsHost(options.Host) ? Wrong(nameof(RunnersOptions.Host), $"'{options.Host}' is not a host name or address, with a scheme or without.")
        : ValidateOptionsResult.Success;

    private ValidateOptionsResult Wrong(string key, string problem) =>
        ValidateOptionsResult.Fail($"{SettingNames.NameOf(configuration, $"{RunnersOptions.Section}:{key}")}: {problem}");
}
