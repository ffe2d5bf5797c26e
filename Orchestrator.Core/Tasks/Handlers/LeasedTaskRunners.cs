using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Leasing;
using Orchestrator.Core.Stores;
using Orchestrator.Core.Templates;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>Leases runners for tasks in this process, of the sessions' template.</summary>
public sealed partial class LeasedTaskRunners(RunnerLeases leases, RunnerTemplates templates, RunnersOptions options, ILogger<LeasedTaskRunners> logger) : ITaskRunners
{
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(30);

    private readonly RunnerTemplate _template = templates[RunnersOptions.TemplateName];

    /// <inheritdoc />
    public async Task<TaskRunOutput> RunAsync(Tenant tenant, string taskId, ExecRequest command, CancellationToken cancellationToken)
    {
        // An owner per attempt: a task claimed again elsewhere must not lose its runner to the first attempt.
        var owner = new Owner(tenant, OwnerKind.Task, $"{taskId}-{Guid.NewGuid():N}");
        try
        {
            if (options.Reuse)
            {
                // One runner serves every owner, and stays with its first one.
                var (shared, _) = await leases.ProvisionSharedAsync(_template, owner, RunnerNetwork.Bridge, cancellationToken);
                return await ExecAsync(shared.Owner ?? owner, command, cancellationToken);
            }

            await leases.ProvisionAsync(_template, owner, RunnerNetwork.Bridge, cancellationToken);
            return await ExecAsync(owner, command, cancellationToken);
        }
        catch (Exception e) when (e is EngineException or CapacityExhaustedException or StoreUnavailableException)
        {
            throw new TaskFailedException(e.Message, retry: true, e);
        }
        finally
        {
            if (!options.Reuse)
            {
                await ReleaseAsync(owner);
            }
        }
    }

    private async Task<TaskRunOutput> ExecAsync(Owner owner, ExecRequest command, CancellationToken cancellationToken)
    {
        var output = new Collected();
        var result = await leases.ExecAsync(_template, owner, command, output, cancellationToken)
            ?? throw new TaskFailedException("The runner ended while the command ran.", retry: true);
        return new TaskRunOutput(
            result.ExitCode,
            output.Stdout(result.Truncated),
            output.Stderr(result.Truncated),
            Math.Round(result.Duration.TotalMilliseconds, 3),
            result.TimedOut,
            result.Truncated,
            result.Error,
            result.OomKilled);
    }

    private async Task ReleaseAsync(Owner owner)
    {
        using var limit = new CancellationTokenSource(ReleaseTime);
        try
        {
            await leases.ReleaseAsync(_template, owner, limit.Token);
        }
        catch (Exception e) when (e is EngineException or StoreUnavailableException or OperationCanceledException)
        {
            // Its lease expires: nothing sends heartbeats for it any more.
            LogNotReleased(owner, e.Message);
        }
    }

    [LoggerMessage(1880, LogLevel.Warning, "Runner of {Owner} not released, left to expire: {Error}")]
    private partial void LogNotReleased(Owner owner, string error);

    private sealed class Collected : IExecOutput
    {
        private readonly ArrayBufferWriter<byte> _stdout = new();
        private readonly ArrayBufferWriter<byte> _stderr = new();

        public string Stdout(bool truncated) => Text(_stdout.WrittenSpan, truncated);

        public string Stderr(bool truncated) => Text(_stderr.WrittenSpan, truncated);

        public ValueTask WriteAsync(OutputStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            (stream == OutputStream.Stdout ? _stdout : _stderr).Write(data.Span);
            return ValueTask.CompletedTask;
        }

        // Without a character that the bound cut.
        private static string Text(ReadOnlySpan<byte> bytes, bool truncated) => Encoding.UTF8.GetString(
            truncated && Rune.DecodeLastFromUtf8(bytes, out _, out var cut) == OperationStatus.NeedMoreData ? bytes[..^cut] : bytes);
    }
}
