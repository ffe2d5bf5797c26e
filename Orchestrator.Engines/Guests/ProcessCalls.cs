using System.Globalization;
using System.Runtime.CompilerServices;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>The processes of one runner, over the guest's <c>process.Process</c>.</summary>
internal sealed class ProcessCalls(GuestCalls calls) : IGuestProcesses
{
    /// <summary>The call that starts one.</summary>
    public const string Start = Service + "Start";

    /// <summary>The seconds of silence after which the guest says that it lives.</summary>
    public const int KeepAlive = 5;

    private const string Service = "process.Process/";

    public async Task<int> StartAsync(ExecRequest request, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        await using var stream = await calls.OpenAsync(
            Start, StartRequests.Background(request), GuestJson.Default.WireStartRequest, timeout, KeepAlive, cancellationToken);
        var first = await stream.ReadEventAsync(cancellationToken);
        if (first is ProcessStarted { Pid: 0 })
        {
            first = await stream.ReadEventAsync(cancellationToken);
        }

        return first switch
        {
            ProcessStarted { Pid: > 0 and var pid } => pid,
            ProcessEnded { Result.Error: { } reason } => throw new GuestRefusedException(GuestError.InvalidArgument, reason),
            var other => throw new RunnerMisbehavedException($"The guest sent {other?.GetType().Name ?? "nothing"} for a started process."),
        };
    }

    public async Task<IReadOnlyList<GuestProcessInfo>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await calls.CallAsync(
            Service + "List", new WireListRequest(Ended: true), GuestJson.Default.WireListRequest, GuestJson.Default.WireListResponse, cancellationToken);
        return [.. (answer.Processes ?? []).Select(Describe)];
    }

    public async IAsyncEnumerable<GuestEvent> ReadAsync(
        int pid, long since, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Once the guest has nothing to say for a second, what it kept has been read.
        var opening = calls.OpenAsync(
            Service + "Connect",
            new WireConnectRequest(new WireProcessSelector(pid), since.ToString(CultureInfo.InvariantCulture)),
            GuestJson.Default.WireConnectRequest, limit: null, follow ? KeepAlive : 1, cancellationToken);
        await foreach (var happened in ReadAsync(opening, until: follow ? null : GuestSilence.Instance, cancellationToken))
        {
            yield return happened;
        }
    }

    public IAsyncEnumerable<GuestEvent> StartTerminalAsync(string? command, ScreenSize size, CancellationToken cancellationToken) => ReadAsync(
        calls.OpenAsync(Start, StartRequests.Terminal(command, size), GuestJson.Default.WireStartRequest, limit: null, KeepAlive, cancellationToken),
        until: null, cancellationToken);

    public Task WriteAsync(int pid, ReadOnlyMemory<byte> data, bool terminal, CancellationToken cancellationToken) => calls.CallAsync(
        Service + "SendInput",
        new WireSendInputRequest(new WireProcessSelector(pid), terminal ? new WireProcessInput(Pty: data.ToArray()) : new WireProcessInput(Stdin: data.ToArray())),
        GuestJson.Default.WireSendInputRequest, cancellationToken);

    public Task CloseInputAsync(int pid, CancellationToken cancellationToken) => calls.CallAsync(
        Service + "CloseStdin", new WireSelectRequest(new WireProcessSelector(pid)), GuestJson.Default.WireSelectRequest, cancellationToken);

    public Task ResizeAsync(int pid, ScreenSize size, CancellationToken cancellationToken) => calls.CallAsync(
        Service + "Update", new WireUpdateRequest(new WireProcessSelector(pid), StartRequests.Of(size)), GuestJson.Default.WireUpdateRequest, cancellationToken);

    public Task SignalAsync(int pid, int signal, TimeSpan? grace, CancellationToken cancellationToken) => calls.CallAsync(
        Service + "SendSignal",
        new WireSignalRequest(new WireProcessSelector(pid), signal, Tree: true, (long?)grace?.TotalMilliseconds),
        GuestJson.Default.WireSignalRequest, cancellationToken);

    private static async IAsyncEnumerable<GuestEvent> ReadAsync(
        Task<GuestStream> opening, GuestEvent? until, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await opening;
        while (await stream.ReadEventAsync(cancellationToken) is { } happened && happened != until)
        {
            if (happened is not GuestSilence)
            {
                yield return happened;
            }
        }
    }

    private static GuestProcessInfo Describe(WireProcessInfo info) => new()
    {
        Pid = info.Pid,
        Command = [.. info.Config?.Cmd is { } program ? (string[])[program] : [], .. info.Config?.Args ?? []],
        WorkingDirectory = info.Config?.Cwd,
        StartedAt = info.StartedAt,
        EndedAt = info.EndedAt,
        ExitCode = info.EndedAt is null ? null : info.ExitCode ?? 0,
        OomKilled = info.OomKilled,
        CpuSeconds = info.CpuSeconds,
        MemoryBytes = info.MemoryBytes,
        Terminal = info.Terminal,
    };
}
