using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>
/// The configuration folder of a local Prometheus: this project's files and the list of processes to scrape, which
/// Prometheus rereads on every change.
/// </summary>
internal sealed class ScrapeTargets
{
    private readonly string _file;

    private ScrapeTargets(string folder) => (Configuration, _file) = (Path.Combine(folder, "prometheus.yml"), Path.Combine(folder, "targets.json"));

    /// <summary>The path of the configuration.</summary>
    public string Configuration { get; }

    /// <summary>Copies the configuration and its rules into a folder, with no process to scrape yet.</summary>
    public static ScrapeTargets Prepare(string source, string folder)
    {
        var targets = new ScrapeTargets(folder);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(source, "rules")).Append(Path.Combine(source, "prometheus.yml")))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        targets.Write([]);
        return targets;
    }

    /// <summary>Atomically replaces the processes to scrape: the ports of this machine, by job.</summary>
    public void Write(IEnumerable<(string Job, int Port)> processes)
    {
        var groups = processes.GroupBy(process => process.Job, process => process.Port).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new
        {
            targets = group.Order().Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")),
            labels = new { job = group.Key },
        });
        File.WriteAllText($"{_file}.new", JsonSerializer.Serialize(groups));
        File.Move($"{_file}.new", _file, overwrite: true);
    }
}

/// <summary>Updates the targets: a restarted replica listens on another port.</summary>
internal sealed partial class ScrapeTargetsWriter(
    ScrapeTargets targets, ResourceNotificationService notifications, ILogger<ScrapeTargetsWriter> logger) : BackgroundService
{
    private readonly Dictionary<string, (string Job, int Port)> _processes = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (PortOf(change) is { } port && _processes.GetValueOrDefault(change.ResourceId) != (change.Resource.Name, port))
            {
                _processes[change.ResourceId] = (change.Resource.Name, port);
                Write();
            }
        }
    }

    // An exception would end the host; the next change rewrites the whole file.
    private void Write()
    {
        try
        {
            targets.Write(_processes.Values);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(logger, e.Message);
        }
    }

    private static int? PortOf(ResourceEvent change)
    {
        var variable = change.Resource.Name switch { Names.Api => Variables.SessionsPort, Names.Worker => Variables.PodPort, _ => null };
        return change.Resource.Name == Names.Prometheus
            ? change.Snapshot.Urls.FirstOrDefault(url => url.Name == "http") is { } address ? new Uri(address.Url).Port : null
            : int.TryParse(change.Snapshot.EnvironmentVariables.FirstOrDefault(one => one.Name == variable)?.Value, CultureInfo.InvariantCulture, out var port) ? port : null;
    }

    [LoggerMessage(1, LogLevel.Error, "Scrape targets not written: {Problem}")]
    private static partial void LogNotWritten(ILogger logger, string problem);
}
