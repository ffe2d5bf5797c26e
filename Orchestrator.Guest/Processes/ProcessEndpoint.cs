using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Processes;

/// <summary>The service <c>process.Process</c> of envd, with what we add to it (docs/contract/e2b.md, 3.3).</summary>
internal sealed class ProcessEndpoint(GuestProcesses processes, UserGate users) : IEndpoint
{
    /// <summary>How long after its end a process's <c>end</c> is told to those who do not ask for more.</summary>
    private static readonly TimeSpan EndRetention = TimeSpan.FromSeconds(30);

    public IEnumerable<ServerRoute> Routes =>
    [
        Unary("List", ProcessMessageJson.Default.ListRequest, ProcessMessageJson.Default.ListResponse, (request, _) => ValueTask.FromResult(List(request))),
        Unary("Update", ProcessMessageJson.Default.UpdateRequest, ProcessMessageJson.Default.ConnectEmpty, UpdateAsync),
        Unary("SendInput", ProcessMessageJson.Default.SendInputRequest, ProcessMessageJson.Default.ConnectEmpty, SendInputAsync),
        Unary("SendSignal", ProcessMessageJson.Default.SendSignalRequest, ProcessMessageJson.Default.ConnectEmpty, SendSignalAsync),
        Unary("CloseStdin", ProcessMessageJson.Default.CloseStdinRequest, ProcessMessageJson.Default.ConnectEmpty, CloseStdinAsync),
        Post("Start", context => ConnectCall.StreamAsync(
            context, ProcessMessageJson.Default.StartRequest, ProcessEvents.KeepAlive, bounded: false,
            (request, stream, cancellationToken) => StartAsync(context, request, stream, cancellationToken))),
        Post("Connect", context => ConnectCall.StreamAsync(
            context, ProcessMessageJson.Default.ConnectRequest, ProcessEvents.KeepAlive, bounded: true, FollowAsync)),
        Post("StreamInput", static context => ConnectCall.RefuseAsync(
            context, ConnectCode.Unimplemented, "StreamInput is not offered; call SendInput.")),
    ];

    private static ServerRoute Post(string name, RequestDelegate handle) =>
        new(HttpMethods.Post, $"/process.Process/{name}", handle, Dialect.Connect) { MaxBody = ConnectCall.MaxMessage + Envelope.HeaderSize };

    private ServerRoute Unary<TRequest, TResponse>(
        string name, JsonTypeInfo<TRequest> request, JsonTypeInfo<TResponse> response, Func<TRequest, CancellationToken, ValueTask<TResponse>> handle)
        where TRequest : class => Post(name, context => ConnectCall.UnaryAsync(context, request, response, async (message, cancellationToken) =>
        {
            await users.CheckAsync(context);
            return await handle(message, cancellationToken);
        }));

    private async Task StartAsync(HttpContext context, StartRequest request, ConnectStream stream, CancellationToken cancellationToken)
    {
        await users.CheckAsync(context);
        var timeout = ConnectCall.TimeoutOf(context)?.TotalMilliseconds ?? 0;
        var events = new ProcessEvents(stream, request.Pty is not null, withOffsets: false);
        GuestProcess process;
        OutputCursor output;
        try
        {
            (process, output) = await processes.StartAsync(request, (long)timeout, cancellationToken);
        }
        catch (NotStartedException error)
        {
            await events.StartAsync(0, cancellationToken);
            await events.EndAsync(error.Exit, error.Exit.Error, cancellationToken);
            return;
        }

        try
        {
            using (output)
            {
                await events.StartAsync(process.Pid, cancellationToken);
                await events.CopyAsync(output, cancellationToken);
            }

            if (process.Exit is { TimedOut: true } && !request.Foreground)
            {
                throw new ConnectError(ConnectCode.DeadlineExceeded, $"Process {process.Pid} was killed at its deadline after {timeout} ms.");
            }

            await events.EndAsync(process.Exit!, null, cancellationToken);
        }
        finally
        {
            if (request.Foreground && process.Exit is null)
            {
                await process.KillAsync();
            }
        }
    }

    private async Task FollowAsync(ConnectRequest request, ConnectStream stream, CancellationToken cancellationToken)
    {
        long? since = request.Since is not { } text
            ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                ? offset
                : throw ConnectError.Invalid("since must be the offset of a data event.");
        var process = processes.Find(request.Process, since is null ? EndRetention : GuestProcesses.Retention);
        using var output = process.Output.Follow(since);
        var events = new ProcessEvents(stream, process.IsTerminal, since is not null);
        await events.StartAsync(process.Pid, cancellationToken);
        await events.CopyAsync(output, cancellationToken);
        await events.EndAsync(process.Exit!, null, cancellationToken);
    }

    private ListResponse List(ListRequest request)
    {
        var usage = new ProcessUsage();
        return new ListResponse([.. processes.List(request.Ended).Select(process => InfoOf(process, usage))]);
    }

    private static ProcessInfo InfoOf(GuestProcess process, ProcessUsage usage)
    {
        var exit = process.Exit;
        var (cpu, memory) = exit is null ? usage.Of(process.Pid) : (exit.CpuSeconds, exit.MemoryBytes);
        return new ProcessInfo(
            process.Config, process.Pid, process.Tag, process.StartedAt, process.EndedAt,
            exit is null ? null : ProcessEvents.CodeOf(exit), exit?.OomKilled == true ? true : null,
            cpu, memory, process.IsTerminal);
    }

    private async ValueTask<ConnectEmpty> UpdateAsync(UpdateRequest request, CancellationToken cancellationToken)
    {
        var process = processes.Find(request.Process);
        if (request.Pty?.Size is not { } size)
        {
            return ConnectEmpty.Value;
        }

        if (!process.IsTerminal)
        {
            throw new ConnectError(ConnectCode.FailedPrecondition, $"Process {process.Pid} has no terminal.");
        }

        if (size.Problem() is { } problem)
        {
            throw ConnectError.Invalid(problem);
        }

        await process.ControlAsync(new ProcessControl(Resize: size), cancellationToken);
        return ConnectEmpty.Value;
    }

    private async ValueTask<ConnectEmpty> SendInputAsync(SendInputRequest request, CancellationToken cancellationToken)
    {
        var process = processes.Find(request.Process);
        var bytes = request.Input switch
        {
            { Pty: { } keys } when process.IsTerminal => keys,
            { Stdin: { } text } when !process.IsTerminal => text,
            null or { Pty: null, Stdin: null } => throw ConnectError.Invalid("The input must hold stdin or pty."),
            _ => throw new ConnectError(
                ConnectCode.FailedPrecondition, $"Process {process.Pid} has {(process.IsTerminal ? "a" : "no")} terminal."),
        };
        await process.SendInputAsync(bytes, cancellationToken);
        return ConnectEmpty.Value;
    }

    private async ValueTask<ConnectEmpty> SendSignalAsync(SendSignalRequest request, CancellationToken cancellationToken)
    {
        var process = processes.Find(request.Process);
        var signal = SignalNames.Parse(request.Signal) ?? throw ConnectError.Invalid("The signal must be as SIGNAL_SIGTERM, or from 1 to 64.");
        if (request.GraceMs < 0)
        {
            throw ConnectError.Invalid("graceMs must not be negative.");
        }

        await process.ControlAsync(new ProcessControl(signal, request.Tree, request.GraceMs), cancellationToken);
        return ConnectEmpty.Value;
    }

    private async ValueTask<ConnectEmpty> CloseStdinAsync(CloseStdinRequest request, CancellationToken cancellationToken)
    {
        await processes.Find(request.Process).EndInputAsync(cancellationToken);
        return ConnectEmpty.Value;
    }
}
