using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;
using Orchestrator.Engines.Docker;
using Orchestrator.ServiceDefaults.Hosting;

namespace Orchestrator.Api.Configuration;

/// <summary>
/// Refuses the start with an engine that was named and does not answer, and with templates that the engine can't meet. An
/// engine that was not named may be started later.
/// </summary>
internal sealed class EngineStartCheck(IRunnerEngine engine, RunnerTemplates templates, IConfiguration configuration, EngineOptions options) : IStartCheck
{
    // An engine that accepts the connection and says nothing must not hold the start up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await engine.PingAsync(patience.Token);
            foreach (var template in templates.All)
            {
                if (await engine.FindObstacleAsync(template, patience.Token) is { Setting: { } setting, Problem: var problem })
                {
                    throw new ConfigurationException(SettingNames.NameOf(configuration, $"{SectionOf(template)}:{setting}"), problem);
                }
            }
        }
        catch (EngineUnavailableException error)
        {
            Refuse(error.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Refuse($"The engine did not answer within {Patience.TotalSeconds} s.");
        }
    }

    private void Refuse(string problem)
    {
        const string Host = $"{DockerOptions.Section}:{nameof(DockerOptions.Host)}";
        if (!string.IsNullOrWhiteSpace(configuration[Host]))
        {
            throw new ConfigurationException(SettingNames.NameOf(configuration, Host), problem);
        }

        if (options.Engine?.Trim() is { Length: > 0 } named && !named.Equals("auto", StringComparison.OrdinalIgnoreCase))
        {
            throw new ConfigurationException(nameof(EngineOptions.Engine), problem);
        }
    }

    private static string SectionOf(RunnerTemplate template) => template.Name switch
    {
        RunnersOptions.TemplateName => RunnersOptions.Section,
        MachinesOptions.TemplateName => MachinesOptions.Section,
        var name => $"{TemplatesOptions.Section}:{name}",
    };
}
