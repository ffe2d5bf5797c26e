using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Ends everything that the code's user runs, and empties its folders: the runner is as new.</summary>
/// <param name="channel">The caller.</param>
/// <param name="processes">What runs.</param>
internal sealed class ResetOperation(AgentChannel channel, ProcessTree processes)
{
    private const string Temporary = "/tmp";
    private const int NamedLeftovers = 5;

    public void Run()
    {
        if (Environment.GetEnvironmentVariable(CommandEnvironment.Workspace) is not { Length: > 1 } workspace)
        {
            channel.Refuse("failed_precondition", $"{CommandEnvironment.Workspace} does not say which folder to empty.");
            return;
        }

        var left = new List<string>();
        if (!processes.EndEverything())
        {
            left.Add("processes that could not be killed");
        }

        FolderCleaner.Empty(workspace, left);
        if (processes.OwnsUser)
        {
            FolderCleaner.Empty(Temporary, left, onlyOwn: true);
        }

        var message = left.Count == 0 ? null : $"Left: {string.Join(", ", left.Take(NamedLeftovers))}{(left.Count > NamedLeftovers ? $" and {left.Count - NamedLeftovers} more" : "")}.";
        channel.Queue(FrameType.Exit, new CommandExit(0, false, false, 0, message).ToJson());
        channel.Flush();
    }
}
