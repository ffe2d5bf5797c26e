using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Processes;

/// <summary>Starts runners' processes.</summary>
internal sealed class ProcessStart(ProcessFolders folders, RunnersOptions options, TimeProvider time) : IDisposable
{
    // Its first act is to record its identity, so that it is found after any crash; then it becomes the program. The log
    // exists before that: once the process is found, its log can be read.
    private const string Script = """: >> ../log && cat "/proc/$$/stat" > ../stat.new && mv ../stat.new ../stat && exec setsid "$@" >> ../log 2>&1 < /dev/null""";

    private static readonly TimeSpan TellLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(2);

    // Ports given to processes that do not listen yet must not be given twice.
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Records a runner and starts its process.</summary>
    /// <inheritdoc cref="IRunnerEngine.StartAsync"/>
    public async Task<ProcessRecord> StartAsync(RunnerSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Network == RunnerNetwork.None)
        {
            throw new EngineException("A runner without network needs Docker: local processes can't be kept from the network.");
        }

        var record = await WriteDownAsync(spec, cancellationToken);
        try
        {
            using var process = RunnerProgram.Start(
                folders.WorkOf(spec.RunnerId), Environment(spec, record.Port), Script, "serve", "--same-user");
            await UntilToldAsync(record, cancellationToken);
            return record;
        }
        catch (Exception)
        {
            await KillAsync(record);
            folders.Delete(spec.RunnerId);
            throw;
        }
    }

    /// <inheritdoc cref="IRunnerEngine.PlanOf"/>
    public string PlanOf(RunnerTemplate template) => PlanHash.Of(
        template,
        [template.Image, options.Bind, $"{template.FirstPort}", .. template.Environment.Select(variable => $"{variable.Key}={variable.Value}")]);

    /// <summary>Kills a runner's process with all its descendants, and waits until it is gone.</summary>
    /// <exception cref="EngineException">It does not end.</exception>
    public async Task KillAsync(ProcessRecord record)
    {
        if (folders.ProcessOf(record) is not { } process)
        {
            return;
        }

        var began = time.GetTimestamp();
        while (process.IsAlive)
        {
            Kill(process);
            if (time.GetElapsedTime(began) > TellLimit)
            {
                throw new EngineException($"Process {process.Pid} of runner {record.RunnerId} does not end.");
            }

            await Task.Delay(BetweenLooks, time);
        }
    }

    public void Dispose() => _one.Dispose();

    private static void Kill(ProcessIdentity process)
    {
        try
        {
            using var running = System.Diagnostics.Process.GetProcessById(process.Pid);
            running.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // Gone just now, or partly: checked again.
        }
    }

    private async Task<ProcessRecord> WriteDownAsync(RunnerSpec spec, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var record = new ProcessRecord
            {
                RunnerId = spec.RunnerId,
                Template = spec.Template.Name,
                Image = spec.Template.Image,
                ImageId = RunnerProgram.ImageId,
                Plan = PlanOf(spec.Template),
                Port = FreePort(spec.Port),
                CreatedAt = time.GetUtcNow(),
                BootId = ProcessIdentity.BootId,
                Owner = spec.Owner,
            };
            folders.Create(record);
            return record;
        }
        finally
        {
            _one.Release();
        }
    }

    private int FreePort(int? wanted)
    {
        var given = folders.ReadAll().Select(record => record.Port).ToHashSet();
        while (true)
        {
            using var listener = new TcpListener(IPAddress.TryParse(options.Bind, out var address) ? address : IPAddress.Loopback, wanted ?? 0);
            try
            {
                listener.Start();
            }
            catch (SocketException error) when (wanted is { } port)
            {
                throw new PortTakenException(port, error);
            }

            var free = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (!given.Contains(free))
            {
                return free;
            }

            if (wanted is { } taken)
            {
                throw new PortTakenException(taken);
            }
        }
    }

    private Dictionary<string, string> Environment(RunnerSpec spec, int port) => new(spec.Template.Environment)
    {
        ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
        ["RUNNER_BIND"] = options.Bind,
        ["RUNNER_ID"] = spec.RunnerId,
        // The folder that a reset empties.
        ["RUNNER_WORKSPACE"] = folders.WorkOf(spec.RunnerId),
        [RunnerToken.HashVariable] = RunnerToken.Hash(spec.Token),
    };

    private async Task UntilToldAsync(ProcessRecord record, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (folders.ProcessOf(record) is null)
        {
            if (time.GetElapsedTime(began) > TellLimit)
            {
                throw new EngineException($"The process of runner {record.RunnerId} did not start; it needs /proc and setsid.");
            }

            await Task.Delay(BetweenLooks, time, cancellationToken);
        }
    }
}
