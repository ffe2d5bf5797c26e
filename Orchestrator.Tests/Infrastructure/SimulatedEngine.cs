using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;
using Orchestrator.Core.Templates;
using Orchestrator.Engines;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// An engine without containers, as strict as a real one: it refuses a taken port and a second runner of one id,
/// finds nothing that is gone, loses events, fails and answers late when told to. Orchestrators reach it through
/// <see cref="Connect"/>, several at once if need be; it outlives them.
/// </summary>
internal sealed class SimulatedEngine(TimeProvider? time = null)
{
    private readonly ConcurrentDictionary<string, Container> _containers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Channel<RunnerEvent>, bool> _watchers = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _ports = new();
    private TaskCompletionSource _logged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nextPort = 32_768;
    private int _nextContainer;

    /// <summary>Host ports that programs outside hold.</summary>
    public ConcurrentDictionary<int, bool> ForeignPorts { get; } = new();

    /// <summary>The id of every template's image; null when the image is missing.</summary>
    public string? ImageId { get; set; } = "sha256:image-1";

    /// <summary>What the engine can do: everything.</summary>
    public EngineCapabilities Capabilities { get; set; } = new()
    {
        Isolated = true,
        NetworkNone = true,
        LimitsEnforced = true,
        Images = true,
        FixedPorts = true,
    };

    /// <summary>What keeps it from starting runners of a template: nothing.</summary>
    public Func<RunnerTemplate, StartObstacle?> Obstacle { get; set; } = _ => null;

    /// <summary>Whether the engine can be reached.</summary>
    public bool Available { get; set; } = true;

    /// <summary>Whether events are lost.</summary>
    public bool LosesEvents { get; set; }

    /// <summary>Called before every call's effect: throws or waits to make that call fail or answer late.</summary>
    public Func<string, Task>? Before { get; set; }

    /// <summary>Called after every call's effect: throws to make its answer be lost.</summary>
    public Func<string, Task>? After { get; set; }

    /// <summary>What the next listing says instead of the truth: one that is late by as long as it was kept.</summary>
    public IReadOnlyList<ObservedRunner>? LateListing { get; set; }

    /// <summary>Whether somebody waits for its events; earlier ones are lost.</summary>
    public bool IsWatched => !_watchers.IsEmpty;

    /// <summary>How many lookups still show a dead runner as running, as Docker's do for a moment.</summary>
    public int LateFinds { get; set; }

    /// <summary>What every runner says of its last use; null when it says nothing.</summary>
    public Func<string, TimeSpan?> IdleTime { get; set; } = _ => null;

    /// <summary>What exec does; by default it prints the command's last word.</summary>
    public Func<ExecRequest, IExecOutput, CancellationToken, Task<ExecResult>> Exec { get; set; } = async (request, output, cancel) =>
    {
        await output.WriteAsync(OutputStream.Stdout, System.Text.Encoding.UTF8.GetBytes(request.Command[^1]), cancel);
        return new ExecResult(0, TimeSpan.FromMilliseconds(1), false, false);
    };

    /// <summary>The way to the guest of every runner; null where none has one.</summary>
    public IGuestConnector? Guest { get; set; }

    /// <summary>What every runner has logged.</summary>
    public string Log { get; set; } = "";

    /// <summary>Whether a followed log goes on after what it holds, until its reader leaves.</summary>
    public bool LogGoesOn { get; set; }

    /// <summary>How many streams follow a log now, and how many did at most.</summary>
    public (int Now, int Most) LogStreams { get; private set; }

    /// <summary>How many runners were ever started.</summary>
    public int Started { get; private set; }

    /// <summary>Every runner there is.</summary>
    public IReadOnlyList<ObservedRunner> Runners => [.. _containers.Values.Select(c => c.Observe())];

    /// <summary>An orchestrator's way in.</summary>
    public IRunnerEngine Connect(SimulatedProcess? process = null, string instance = "test", PublishedPorts? ports = null) =>
        new Client(this, process ?? new SimulatedProcess(), instance, ports ?? new PublishedPorts(new RunnersOptions()));

    /// <summary>Adds to what every runner has logged.</summary>
    public void AppendLog(string text)
    {
        lock (_ports)
        {
            Log += text;
            _logged.TrySetResult();
            _logged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void CountLogStream(int by)
    {
        lock (_ports)
        {
            LogStreams = (LogStreams.Now + by, Math.Max(LogStreams.Most, LogStreams.Now + by));
        }
    }

    /// <summary>Makes a running container die by itself.</summary>
    public void Die(string runnerId)
    {
        if (_containers.TryGetValue(runnerId, out var container) && container.Running)
        {
            container.Running = false;
            Publish(RunnerEventKind.Died, runnerId);
        }
    }

    /// <summary>Leaves a running container as one whose start broke off before it had its network.</summary>
    public void TakeNetwork(string runnerId) => _containers[runnerId].Connected = false;

    /// <summary>Pauses a container as an operator would by hand.</summary>
    public void PauseByHand(string runnerId)
    {
        _containers[runnerId].Paused = true;
        Publish(RunnerEventKind.Paused, runnerId);
    }

    /// <summary>Restarts a container as an operator would by hand: the engine publishes it on another port.</summary>
    public void RestartByHand(string runnerId)
    {
        Publish(RunnerEventKind.Died, runnerId);
        _containers[runnerId].MoveTo(Interlocked.Increment(ref _nextPort));
        Publish(RunnerEventKind.Started, runnerId);
    }

    /// <summary>Removes a container as an operator would by hand.</summary>
    public void RemoveByHand(string runnerId)
    {
        if (_containers.TryRemove(runnerId, out _))
        {
            Publish(RunnerEventKind.Removed, runnerId);
        }
    }

    /// <summary>The engine stops, as a daemon without live restore does: every container dies and connections break.</summary>
    public void Stop()
    {
        Available = false;
        foreach (var container in _containers.Values)
        {
            container.Running = false;
        }

        BreakConnections();
    }

    /// <summary>The engine is back, with what is left of its containers.</summary>
    public void Start() => Available = true;

    /// <summary>Ends every event stream.</summary>
    public void BreakConnections()
    {
        foreach (var watcher in _watchers.Keys)
        {
            watcher.Writer.TryComplete(new EngineUnavailableException("The connection to the simulated engine broke."));
        }
    }

    private Container? Of(string handle) => _containers.Values.FirstOrDefault(container => container.Observe().Placement.Handle == handle);

    private void Publish(RunnerEventKind kind, string runnerId)
    {
        if (LosesEvents)
        {
            return;
        }

        foreach (var watcher in _watchers.Keys)
        {
            watcher.Writer.TryWrite(new RunnerEvent(kind, runnerId));
        }
    }

    private int? Publish(RunnerSpec spec)
    {
        if (spec.Network == RunnerNetwork.None)
        {
            return null;
        }

        lock (_ports)
        {
            var port = spec.Port ?? ++_nextPort;
            if (ForeignPorts.ContainsKey(port) || _containers.Values.Any(c => c.Running && c.Port == port))
            {
                throw new PortTakenException(port);
            }

            return port;
        }
    }

    private sealed class Container(RunnerSpec spec, string instance, string id, string imageId, string plan, int? port, DateTimeOffset createdAt)
    {
        private int? _port = port;

        public string Instance => instance;

        public int? Port => Connected ? _port : null;

        public volatile bool Connected = true;

        public volatile bool Running = true;

        public volatile bool Paused;

        public Owner? Owner { get; set; } = spec.Owner;

        public void MoveTo(int port) => _port = port;

        public ObservedRunner Observe() => new(
            spec.RunnerId, spec.Template.Name, Running, Owner, spec.Network, plan,
            new RunnerPlacement(id, spec.Template.Image, imageId, Port is null ? null : "172.18.0.2", Port), createdAt)
        {
            Paused = Paused,
        };
    }

    private sealed class Client(SimulatedEngine world, SimulatedProcess process, string instance, PublishedPorts ports) : IRunnerEngine
    {
        public string Kind => "simulated";

        public EngineCapabilities Capabilities => world.Capabilities;

        public string Instance => instance;

        public Task<RunnerPlacement> StartAsync(RunnerSpec spec, CancellationToken cancellationToken) => CallAsync("start", spec.RunnerId, () =>
        {
            var image = world.ImageId ?? throw new RunnerImageMissingException(spec.Template.Image);
            var port = world.Publish(spec);
            var container = new Container(spec, instance, $"{Interlocked.Increment(ref world._nextContainer):x64}", image, PlanOf(spec.Template), port, world._time.GetUtcNow());
            if (!world._containers.TryAdd(spec.RunnerId, container))
            {
                throw new EngineException($"The name {spec.RunnerId} is in use.");
            }

            world.Started++;
            world.Publish(RunnerEventKind.Started, spec.RunnerId);
            return container.Observe().Placement;
        });

        public string PlanOf(RunnerTemplate template) => PlanHash.Of(
            template,
            [
                template.Image, $"{template.Hardening}", $"{template.Limits}", template.Runtime ?? "", $"{template.ContainerPort}",
                $"{template.FirstPort}", $"{template.HostAlias}", .. template.Environment.Select(variable => $"{variable.Key}={variable.Value}"),
            ]);

        public RunnerAddress? AddressOf(RunnerPlacement placement) => placement.Port is { } port ? ports.AddressOf(port) : null;

        public Task WaitUntilReadyAsync(RunnerSpec spec, RunnerPlacement placement, CancellationToken cancellationToken) => CallAsync("ready", spec.RunnerId, () =>
            world._containers.TryGetValue(spec.RunnerId, out var container) && container.Running
                ? true
                : throw new RunnerNotReadyException($"Runner {spec.RunnerId} died at its start."));

        public async Task AskToEndAsync(Runner removing, CancellationToken cancellationToken)
        {
            try
            {
                await CallAsync("end", removing.Id, () =>
                {
                    world.Die(removing.Id);
                    return true;
                });
            }
            catch (EngineException)
            {
                // It was only asked.
            }
        }

        public Task RemoveAsync(string runnerId, string? handle, CancellationToken cancellationToken) => CallAsync("remove", runnerId, () =>
        {
            if (world._containers.TryRemove(runnerId, out var container))
            {
                container.Running = false;
                world.Publish(RunnerEventKind.Died, runnerId);
                world.Publish(RunnerEventKind.Removed, runnerId);
            }

            return true;
        });

        public Task<IReadOnlyList<ObservedRunner>> ListAsync(CancellationToken cancellationToken) => CallAsync<IReadOnlyList<ObservedRunner>>(
            "list", "", () => world.LateListing ?? [.. world._containers.Values.Where(c => c.Instance == instance).Select(c => c.Observe())]);

        public Task<ObservedRunner?> FindAsync(string runnerId, CancellationToken cancellationToken) => CallAsync("find", runnerId, () =>
        {
            if (!world._containers.TryGetValue(runnerId, out var container) || container.Instance != instance)
            {
                return null;
            }

            var seen = container.Observe();
            return seen.Running || world.LateFinds-- <= 0 ? seen : seen with { Running = true };
        });

        public Task TellOwnerAsync(string runnerId, string handle, Owner? owner, CancellationToken cancellationToken) => CallAsync("tell", runnerId, () =>
        {
            if (world._containers.TryGetValue(runnerId, out var container))
            {
                container.Owner = owner;
            }

            return true;
        });

        public async IAsyncEnumerable<RunnerEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await CallAsync("watch", "", () => true);
            var events = Channel.CreateUnbounded<RunnerEvent>();
            world._watchers[events] = true;
            try
            {
                await foreach (var happened in events.Reader.ReadAllAsync(cancellationToken))
                {
                    await process.StepAsync($"event {happened.Kind} {happened.RunnerId}");
                    yield return happened;
                }
            }
            finally
            {
                world._watchers.TryRemove(events, out _);
            }
        }

        public ValueTask<IGuestConnector?> FindGuestAsync(RunnerPlacement placement, CancellationToken cancellationToken) => new(world.Guest);

        public async Task<ExecResult> ExecAsync(string handle, ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
        {
            await CallAsync("exec", handle, () => world.Of(handle) switch
            {
                { Paused: true } => throw new RunnerPausedException($"Container {handle} is paused."),
                { Running: true } => true,
                _ => throw new RunnerGoneException($"Container {handle} is not running."),
            });
            await output.BeginAsync(cancellationToken);
            return await world.Exec(request, output, cancellationToken);
        }

        public Task ThawAsync(string handle, CancellationToken cancellationToken) => CallAsync("thaw", handle, () =>
        {
            if (world.Of(handle) is { } container)
            {
                container.Paused = false;
            }

            return true;
        });

        public async Task CopyLogsAsync(string handle, bool follow, int? tail, IExecOutput output, CancellationToken cancellationToken)
        {
            await CallAsync("logs", handle, () => true);
            await output.BeginAsync(cancellationToken);
            world.CountLogStream(follow ? 1 : 0);
            try
            {
                for (var sent = 0; ;)
                {
                    string log;
                    Task more;
                    lock (world._ports)
                    {
                        (log, more) = (world.Log, world._logged.Task);
                    }

                    await output.WriteAsync(OutputStream.Stdout, System.Text.Encoding.UTF8.GetBytes(log[sent..]), cancellationToken);
                    sent = log.Length;
                    if (!follow || !world.LogGoesOn)
                    {
                        return;
                    }

                    await more.WaitAsync(cancellationToken);
                }
            }
            finally
            {
                world.CountLogStream(follow ? -1 : 0);
            }
        }

        public Task<TimeSpan?> GetIdleTimeAsync(Runner runner, CancellationToken cancellationToken) => CallAsync("activity", runner.Id, () =>
            world._containers.TryGetValue(runner.Id, out var container) && container.Running ? world.IdleTime(runner.Id) : null);

        public Task<string?> GetImageIdAsync(RunnerTemplate template, CancellationToken cancellationToken) => CallAsync("image", template.Name, () => world.ImageId);

        public Task PingAsync(CancellationToken cancellationToken) => CallAsync("ping", "", () => true);

        public Task<StartObstacle?> FindObstacleAsync(RunnerTemplate template, CancellationToken cancellationToken) =>
            CallAsync("obstacle", template.Name, () => world.Obstacle(template));

        private async Task<T> CallAsync<T>(string call, string about, Func<T> effect)
        {
            await process.StepAsync($"before {call} {about}");
            if (world.Before is { } before)
            {
                await before(call);
            }

            if (!world.Available)
            {
                throw new EngineUnavailableException("The simulated engine is stopped.");
            }

            var result = effect();
            if (world.After is { } after)
            {
                await after(call);
            }

            await process.StepAsync($"after {call} {about}");
            return result;
        }
    }
}
