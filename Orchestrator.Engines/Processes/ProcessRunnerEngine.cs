using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;
using Orchestrator.Engines.Guests;
using Orchestrator.Engines.Probes;

namespace Orchestrator.Engines.Processes;

/// <summary>
/// Runners as local processes of the runner's own program, without any isolation: for trying Orchestrator out without
/// Docker. Running processes survive the orchestrator, and the next one finds them.
/// </summary>
internal sealed partial class ProcessRunnerEngine : IRunnerEngine
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private readonly ProcessFolders _folders;
    private readonly ProcessStart _start;
    private readonly RunnerProbes _probes;
    private readonly AddressConnector _addresses;
    private readonly PublishedPorts _ports;
    private readonly LocalhostRelay _relay;
    private readonly RunnersOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ProcessRunnerEngine> _logger;

    public ProcessRunnerEngine(
        ProcessFolders folders,
        ProcessStart start,
        RunnerProbes probes,
        AddressConnector addresses,
        PublishedPorts ports,
        LocalhostRelay relay,
        RunnersOptions options,
        TimeProvider time,
        ILogger<ProcessRunnerEngine> logger)
    {
        (_folders, _start, _probes, _addresses, _ports, _relay, _options, _time, _logger) =
            (folders, start, probes, addresses, ports, relay, options, time, logger);
        NoIsolation();
    }

    /// <inheritdoc />
    public string Kind => "process";

    /// <inheritdoc />
    public EngineCapabilities Capabilities { get; } = new()
    {
        Isolated = false,
        NetworkNone = false,
        LimitsEnforced = false,
        Images = false,
        FixedPorts = true,
    };

    /// <inheritdoc />
    public string Instance => _options.Instance;

    /// <inheritdoc />
    public string PlanOf(RunnerTemplate template) => _start.PlanOf(template);

    /// <inheritdoc />
    public async Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var record = await _start.StartAsync(spec, cancellationToken);
        Started(spec.RunnerId, record.Port, _time.GetElapsedTime(began).TotalMilliseconds);
        return Placement(record);
    }

    /// <inheritdoc />
    public RunnerAddress? AddressOf(RunnerPlacement placement)
    {
        if (placement.Port is not { } port)
        {
            return null;
        }

        _relay.Open(port);
        return _ports.AddressOf(port);
    }

    /// <inheritdoc />
    public Task WaitUntilReadyAsync(RunnerSpec spec, RunnerPlacement placement, CancellationToken cancellationToken)
    {
        // A process listens on its published port; there is none behind it.
        var itself = spec with { Template = spec.Template with { ContainerPort = placement.Port!.Value } };
        return _probes.UntilReadyAsync(itself, placement, bridge: null, token => WhyDeadAsync(spec.RunnerId, token), cancellationToken);
    }

    /// <inheritdoc />
    public async Task RemoveAsync(string runnerId, string? handle, CancellationToken cancellationToken)
    {
        if (_folders.Read(runnerId) is not { } record)
        {
            return;
        }

        var began = _time.GetTimestamp();
        await _start.KillAsync(record);
        _folders.Delete(runnerId);
        Removed(runnerId, _time.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<ObservedRunner>> ListAsync(CancellationToken cancellationToken)
    {
        var runners = _folders.ReadAll().Select(Observe).ToList();
        _relay.Keep(runners.Select(runner => runner.Placement.Port).OfType<int>());
        return Task.FromResult<IReadOnlyList<ObservedRunner>>(runners);
    }

    /// <inheritdoc />
    public Task<ObservedRunner?> FindAsync(string runnerId, CancellationToken cancellationToken) =>
        Task.FromResult(_folders.Read(runnerId) is { } record ? Observe(record) : null);

    /// <inheritdoc />
    public Task TellOwnerAsync(string runnerId, string handle, Owner? owner, CancellationToken cancellationToken)
    {
        _folders.Update(runnerId, record => record with { Owner = owner is { Kind: OwnerKind.Unknown } ? null : owner });
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<RunnerEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var before = Look();
        while (true)
        {
            await Task.Delay(BetweenLooks, _time, cancellationToken);
            var now = Look();
            foreach (var (runnerId, running) in now)
            {
                var ran = before.GetValueOrDefault(runnerId);
                if (running != ran)
                {
                    yield return new RunnerEvent(running ? RunnerEventKind.Started : RunnerEventKind.Died, runnerId);
                }
            }

            foreach (var (runnerId, ran) in before.Where(known => !now.ContainsKey(known.Key)))
            {
                if (ran)
                {
                    yield return new RunnerEvent(RunnerEventKind.Died, runnerId);
                }

                yield return new RunnerEvent(RunnerEventKind.Removed, runnerId);
            }

            before = now;
        }
    }

    /// <inheritdoc />
    public ValueTask<IGuestConnector?> FindGuestAsync(RunnerPlacement placement, CancellationToken cancellationToken) => new(_addresses);

    /// <inheritdoc />
    public Task<ExecResult> ExecAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken) =>
        Task.FromException<ExecResult>(IsRunning(handle)
            ? new GuestMissingException("The runner's token was lost with the store, so its guest can't be called. Provision it again.")
            : new RunnerGoneException($"Runner {handle} is not running."));

    /// <inheritdoc />
    public Task CopyLogsAsync(string handle, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken) =>
        ProcessLogs.CopyAsync(_folders.LogOf(handle), () => follow && IsRunning(handle), tail, output, _time, cancellationToken);

    /// <inheritdoc />
    public Task<TimeSpan?> GetIdleTimeAsync(Runner runner, CancellationToken cancellationToken) =>
        runner.Placement is { } placement ? _probes.GetIdleTimeAsync(placement, bridge: null, cancellationToken) : Task.FromResult<TimeSpan?>(null);

    /// <inheritdoc />
    public Task<string?> GetImageIdAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(RunnerProgram.ImageId);

    /// <inheritdoc />
    public Task PingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task<StartObstacle?> FindObstacleAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
        Task.FromResult(_folders.FindObstacle() is { } problem ? new StartObstacle(problem) : null);

    private Dictionary<string, bool> Look() => _folders.ReadAll().ToDictionary(record => record.RunnerId, IsRunning);

    private bool IsRunning(ProcessRecord record) => _folders.ProcessOf(record) is { IsAlive: true };

    private bool IsRunning(string runnerId) => _folders.Read(runnerId) is { } record && IsRunning(record);

    private async Task<string?> WhyDeadAsync(string runnerId, CancellationToken cancellationToken)
    {
        if (IsRunning(runnerId))
        {
            return null;
        }

        var words = new LastWords();
        try
        {
            await ProcessLogs.CopyAsync(_folders.LogOf(runnerId), () => false, LastWords.Lines, words, _time, cancellationToken);
        }
        catch (RunnerGoneException)
        {
            return "It was removed before it was ready.";
        }

        return $"Its process ended before it was ready.{words}";
    }

    private ObservedRunner Observe(ProcessRecord record) => new(
        record.RunnerId, record.Template, IsRunning(record), record.Owner, RunnerNetwork.Bridge, record.Plan, Placement(record), record.CreatedAt);

    private RunnerPlacement Placement(ProcessRecord record) => new(
        record.RunnerId,
        record.Image,
        record.ImageId,
        IPAddress.TryParse(_options.Bind, out var bind) && !bind.Equals(IPAddress.Any) && !bind.Equals(IPAddress.IPv6Any) ? _options.Bind : "127.0.0.1",
        record.Port);

    [LoggerMessage(1401, LogLevel.Warning,
        "NO ISOLATION: no Docker, so runners are plain processes of this user. Code in them can do everything you can. For development only.")]
    private partial void NoIsolation();

    [LoggerMessage(1402, LogLevel.Information, "Started the process of runner {Runner} on port {Port} in {Milliseconds:F0} ms")]
    private partial void Started(string runner, int port, double milliseconds);

    [LoggerMessage(1403, LogLevel.Information, "Killed and removed the process of runner {Runner} in {Milliseconds:F0} ms")]
    private partial void Removed(string runner, double milliseconds);
}
