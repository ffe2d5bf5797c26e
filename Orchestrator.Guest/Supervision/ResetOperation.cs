using Orchestrator.Guest.Files;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>Ends everything that the code's user runs, and empties its folders: the runner is as new.</summary>
/// <param name="channel">The caller.</param>
/// <param name="processes">What runs.</param>
internal sealed class ResetOperation(AgentChannel channel, ProcessTree processes)
{
    private const string Temporary = "/tmp";
    private const int NamedLeftovers = 5;
    private static readonly EnumerationOptions All = new() { AttributesToSkip = 0 };

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

        Remove(left, () => RemoveOperation.EmptyFolder(PosixPath.Of(workspace)));
        if (processes.OwnsUser)
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(Temporary, "*", All).Where(Posix.IsOwn))
            {
                Remove(left, () => RemoveOperation.Run(PosixPath.Of(path)));
            }
        }

        var message = left.Count == 0 ? null : $"Left: {string.Join(", ", left.Take(NamedLeftovers))}{(left.Count > NamedLeftovers ? $" and {left.Count - NamedLeftovers} more" : "")}.";
        channel.Queue(FrameType.Exit, new CommandExit(0, false, false, 0, message).ToJson());
        channel.Flush();
    }

    private static void Remove(List<string> left, Action remove)
    {
        try
        {
            remove();
        }
        catch (FileException error)
        {
            left.Add(error.Message);
        }
    }
}
