using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>The role <c>supervise</c>: one command for one caller, and nothing of it lives on.</summary>
/// <param name="channel">The caller: standard input and output.</param>
internal sealed class Supervisor(AgentChannel channel)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    /// <returns>Whether the command's exit was reported.</returns>
    public bool Run()
    {
        Posix.MakeNonBlocking(channel.Output);
        try
        {
            return channel.Read(RequestLimit) is { Type: FrameType.Request } frame && Run(CommandRequest.Parse(frame.Payload.Span));
        }
        catch (FrameException error)
        {
            return channel.Write(FrameType.Exit, new CommandExit(null, false, false, 0, error.Message).ToJson());
        }
    }

    private bool Run(CommandRequest command)
    {
        var request = new ProcessRequest(
            command.Command, command.Env, command.WorkingDirectory ?? Environment.CurrentDirectory, command.TimeoutMs, command.MaxOutputBytes, Foreground: true);
        return new ProcessOperation(channel, request, new ProcessTree(adoptOrphans: true), lingering: null, TimeProvider.System).Run();
    }
}
