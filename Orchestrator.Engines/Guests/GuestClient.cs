using System.Diagnostics;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Guests;

/// <summary>The guest of one runner, over its protocol (docs/contract/e2b.md, section 3, and docs/contract/sandbox.md).</summary>
internal sealed class GuestClient(GuestCalls calls) : IGuest, IDisposable
{
    // The guest's time past the limit, to kill and to answer.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    public IGuestProcesses Processes { get; } = new ProcessCalls(calls);

    public IGuestFiles Files { get; } = new FileCalls(calls);

    public async Task<ExecResult> ExecAsync(ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        using var activity = OrchestratorTelemetry.Source.StartActivity("guest.exec");
        activity?.SetTag("runner", calls.RunnerId);
        try
        {
            return await RunAsync(request, output, cancellationToken);
        }
        catch (Exception error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
    }

    public void Dispose() => calls.Dispose();

    private async Task<ExecResult> RunAsync(ExecRequest request, IExecOutput output, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(request.Timeout + Margin, calls.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var bounded = new BoundedOutput(output, request.MaxOutputBytes);
        var began = calls.Time.GetTimestamp();
        var started = false;
        try
        {
            await using var stream = await calls.OpenAsync(
                ProcessCalls.Start, StartRequests.Foreground(request), GuestJson.Default.WireStartRequest, request.Timeout, ProcessCalls.KeepAlive, either.Token);
            while (await stream.ReadEventAsync(either.Token) is { } happened)
            {
                switch (happened)
                {
                    case ProcessStarted when !started:
                        started = true;
                        await output.BeginAsync(either.Token);
                        break;
                    case ProcessOutput piece when started:
                        await bounded.WriteAsync(piece.Stream, piece.Data, either.Token);
                        RequireBound(bounded, request);
                        break;
                    case ProcessEnded { Result: var end }:
                        return end with
                        {
                            Duration = end.Duration < request.Timeout + Margin ? end.Duration : request.Timeout + Margin,
                            Truncated = end.Truncated || bounded.Truncated,
                        };
                    case GuestSilence when started:
                        break;
                    default:
                        throw new RunnerMisbehavedException($"The guest sent {happened.GetType().Name} in the wrong place.");
                }
            }

            throw new RunnerMisbehavedException("The guest ended a command's stream without its end.");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new ExecResult(null, calls.Time.GetElapsedTime(began), TimedOut: true, bounded.Truncated, StillRunning: true);
        }
        catch (GuestRefusedException error) when (started || error.Error == GuestError.Aborted)
        {
            // The process that runs code was killed, by the code perhaps, and takes the command along.
            return new ExecResult(GuestEvents.Killed, calls.Time.GetElapsedTime(began), TimedOut: false, bounded.Truncated) { Error = error.Message };
        }
    }

    // The guest drops what exceeds the bound; so what comes all the same is not its doing.
    private static void RequireBound(BoundedOutput bounded, ExecRequest request)
    {
        if (bounded.Truncated)
        {
            throw new RunnerMisbehavedException($"The guest sent more than the agreed {request.MaxOutputBytes} bytes of a stream.");
        }
    }
}
