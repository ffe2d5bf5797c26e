using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>
/// The Aspire application as <c>dotnet run --project Orchestrator.AppHost</c> starts it, on random ports and without a
/// past: its state and its runners are its own, and end with it.
/// </summary>
internal sealed class AspireApp : IAsyncDisposable
{
    /// <summary>The name that Aspire gives its dashboard.</summary>
    public const string Dashboard = "aspire-dashboard";

    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _data = new();
    private readonly ConcurrentDictionary<string, ResourceEvent> _replicas = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HeardLog _restarts = new();
    private DistributedApplication? _app;
    private Task _watching = Task.CompletedTask;

    private AspireApp()
    {
    }

    public DistributedApplication App => _app!;

    /// <summary>The folder of its state.</summary>
    public string Data => _data.Path;

    /// <summary>What the restarts have logged.</summary>
    public IReadOnlyCollection<string> RestartLog => _restarts.Heard;

    /// <summary>Every part that turns healthy.</summary>
    public IReadOnlyList<string> Healthy =>
    [
        .. App.Services.GetRequiredService<DistributedApplicationModel>().Resources.Where(resource => resource is not LeftOutResource)
            .Select(resource => resource.Name).Intersect(
                [Composition.Names.Redis, Composition.Names.Prometheus, Composition.Names.Grafana, Composition.Names.Api, Composition.Names.Worker]),
    ];

    /// <summary>A name for runners of its own.</summary>
    public static string NewInstance() => $"aspire-{Guid.NewGuid():N}"[..20];

    /// <summary>Builds it; nothing is started yet.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="withDashboard">Whether Aspire's dashboard runs too.</param>
    /// <param name="change">What is different from the real one.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<AspireApp> BuildAsync(
        string[] arguments, bool withDashboard, Func<IDistributedApplicationTestingBuilder, Task>? change, CancellationToken cancellationToken)
    {
        var app = new AspireApp();
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Orchestrator_AppHost>(
                new DistributedApplicationTestingBuilderOptions { EnableDashboard = withDashboard }, [$"--DataFolder={app.Data}", .. arguments], cancellationToken);
            // Built again it would be another image, and every orchestrator on this engine would replace its runners.
            builder.Resources.FirstOrDefault(resource => resource.Name == Composition.Names.RunnerImage)?.Annotations.Add(new ExplicitStartupAnnotation());
            builder.Services.AddLogging(logging => logging.AddFilter("System.Net.Http", LogLevel.Warning).AddFilter("Orchestrator.AppHost.Resources", LogLevel.None)
                .AddProvider(app._restarts).AddFilter<HeardLog>(null, LogLevel.None).AddFilter<HeardLog>(typeof(Restarts).FullName, LogLevel.Information));
            await (change?.Invoke(builder) ?? Task.CompletedTask);
            app._app = await builder.BuildAsync(cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one whose parts are local programs, with the dashboard and the process engine.</summary>
    /// <param name="settings">Settings of API and workers.</param>
    public static async Task<AspireApp> StartProgramsAsync(params string[] settings)
    {
        Components.RequireLinux();
        Components.Require(RedisServer.Redis);
        Components.Require("prometheus");
        var app = await BuildAsync(
            ["--Parts=executables", "--Engine=process", $"--Instance={NewInstance()}", $"--AppHost:DashboardApiKey={DashboardTelemetry.Key}", "--", .. settings],
            withDashboard: true, null, TestContext.Current.CancellationToken);
        try
        {
            await app.StartAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, and waits until every part is healthy.</summary>
    /// <exception cref="InvalidOperationException">A part can't be started; reported at once, with its name.</exception>
    /// <exception cref="TimeoutException">Some parts are not healthy in time; the message names them.</exception>
    public async Task StartAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(within);
        _watching = WatchAsync();
        var starting = App.StartAsync(limit.Token);
        var waits = Healthy.ToDictionary(
            name => App.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, limit.Token) as Task, name => name);
        waits.Add(starting, "The application");
        while (waits.Count > 0)
        {
            var done = await Task.WhenAny(waits.Keys);
            try
            {
                await done;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Not healthy within {within.TotalSeconds} s: {string.Join(", ", waits.Values)}.");
            }
            catch (DistributedApplicationException e)
            {
                throw new InvalidOperationException($"Part {waits[done]} can't be started: {e.Message}", e);
            }

            waits.Remove(done);
        }
    }

    /// <summary>A property as the dashboard has it, of each replica of a part.</summary>
    public IReadOnlyList<string> PropertyOf(string part, string property) =>
    [
        .. ReplicasOf(part).Select(replica => $"{replica.Properties.FirstOrDefault(one => one.Name == property)?.Value}").Order(StringComparer.Ordinal),
    ];

    /// <summary>What the dashboard knows last of each replica of a part.</summary>
    public IReadOnlyList<CustomResourceSnapshot> ReplicasOf(string part) =>
        [.. _replicas.Values.Where(replica => replica.Resource.Name == part).Select(replica => replica.Snapshot)];

    /// <summary>The names of a part's replicas, as commands take them.</summary>
    public IReadOnlyList<string> NamesOf(string part) =>
        [.. _replicas.Where(replica => replica.Value.Resource.Name == part && replica.Key != part).Select(replica => replica.Key).Order(StringComparer.Ordinal)];

    /// <summary>The ids of the processes of a part; those of a service are its own, not those of the command that runs it.</summary>
    public IReadOnlyList<int> ProcessesOf(string part) =>
    [
        .. PropertyOf(part, "executable.pid").Where(id => id is not ("" or "0")).Select(id => int.Parse(id, CultureInfo.InvariantCulture))
            .Select(process => part is Composition.Names.Api or Composition.Names.Worker ? (OwnProcesses.ChildrenOf(process) is [var child, ..] ? child : 0) : process)
            .Where(process => process != 0),
    ];

    /// <summary>What the dashboard knows last of a replica.</summary>
    public CustomResourceSnapshot Replica(string name) => _replicas[name].Snapshot;

    /// <summary>What a part has written to its console.</summary>
    public async Task<string> ConsoleOfAsync(string part)
    {
        var logs = App.Services.GetRequiredService<ResourceLoggerService>();
        var lines = new List<string>();
        foreach (var replica in _replicas.Where(replica => replica.Value.Resource.Name == part).Select(replica => replica.Key))
        {
            await foreach (var batch in logs.GetAllAsync(replica))
            {
                lines.AddRange(batch.Select(line => line.Content));
            }
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        // Leased and idle runners outlive their server.
        foreach (var stat in Directory.Exists(Data) ? Directory.GetFiles(Data, "stat", SearchOption.AllDirectories) : [])
        {
            OwnProcesses.Kill(int.Parse((await File.ReadAllTextAsync(stat)).Split(' ')[0], CultureInfo.InvariantCulture));
        }

        _data.Dispose();
        _stop.Dispose();
    }

    /// <summary>Stops it, and waits until its parts have ended.</summary>
    public Task StopAsync() => App.StopAsync().WaitAsync(StopLimit);

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var change in App.ResourceNotifications.WatchAsync(_stop.Token))
            {
                _replicas[change.ResourceId] = change;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}

/// <summary>Processes that a test started, by id.</summary>
internal static class OwnProcesses
{
    public static IReadOnlyList<int> ChildrenOf(int process) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).Where(id => ParentOf(id) == process),
    ];

    /// <summary>Whether there is such a process that has not ended.</summary>
    public static bool IsAlive(int process) => StatOf(process) is { Length: > 0 } stat && stat[0] != "Z";

    /// <summary>Ends it as kill -9 does; one that is gone is no failure.</summary>
    public static void Kill(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            found.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
        }
    }

    private static int ParentOf(int process) => StatOf(process) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    // From the state on; empty for one that is gone.
    private static string[] StatOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
