using System.Runtime.InteropServices;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>A started command: first of its own session, with our ends of its three pipes.</summary>
internal sealed class SpawnedCommand
{
    private const string OomScore = "/proc/self/oom_score_adj";

    private SpawnedCommand(int pid, string id, int input, int output, int error)
    {
        (Pid, Id, Input, Output, Error) = (pid, id, input, output, error);
        PidFd = Posix.OpenPidFd(pid);
    }

    public int Pid { get; }

    public string Id { get; }

    public int Input { get; private set; }

    public int Output { get; private set; }

    public int Error { get; private set; }

    /// <summary>Polls readable when the process has ended; -1 where the kernel has no such descriptors.</summary>
    public int PidFd { get; private set; }

    /// <summary>Whether it is reaped, or abandoned: its id may be another process's now.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Starts the command.</summary>
    /// <returns>The command, or null with the exit that says why there is none (126 or 127).</returns>
    /// <remarks>Not to be called by two threads at once: the start borrows this process's OOM score.</remarks>
    public static (SpawnedCommand? Command, CommandExit? Failure) Start(CommandRequest request, string id)
    {
        var folder = request.WorkingDirectory;
        if (folder is not null && !Directory.Exists(folder))
        {
            return (null, Failure(126, $"working directory not found: {folder}"));
        }

        var environment = CommandEnvironment.Of(request, id);
        if (ProgramPath.Find(request.Command[0], environment.GetValueOrDefault("PATH"), folder) is not { } path)
        {
            return (null, Failure(127, $"command not found: {request.Command[0]}"));
        }

        var (childInput, input) = Posix.Pipe();
        var (output, childOutput) = Posix.Pipe();
        var (error, childError) = Posix.Pipe();
        var score = BeginSacrifice();
        int failed, pid;
        try
        {
            failed = PosixSpawn.Start(path, request.Command, environment, folder, (childInput, childOutput, childError), out pid);
        }
        finally
        {
            EndSacrifice(score);
            Close(childInput, childOutput, childError);
        }

        if (failed == 0)
        {
            Posix.MakeNonBlocking(input);
            return (new SpawnedCommand(pid, id, input, output, error), null);
        }

        Close(input, output, error);
        return (null, failed is Posix.ENOENT or Posix.ENOTDIR
            ? Failure(127, $"command not found: {request.Command[0]}")
            : Failure(126, $"command cannot be executed: {request.Command[0]} ({Marshal.GetPInvokeErrorMessage(failed)})"));
    }

    public void CloseInput() => Input = CloseOne(Input);

    public void CloseOutput() => Output = CloseOne(Output);

    public void CloseError() => Error = CloseOne(Error);

    public void CloseAll()
    {
        CloseInput();
        CloseOutput();
        CloseError();
        PidFd = CloseOne(PidFd);
    }

    /// <summary>Makes the command, not the runner, the kernel's victim when memory runs out: a child inherits the
    /// score, and ours may be lowered again to its former value.</summary>
    private static string? BeginSacrifice()
    {
        try
        {
            var before = File.ReadAllText(OomScore).Trim();
            File.WriteAllText(OomScore, "1000");
            return before;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void EndSacrifice(string? before)
    {
        if (before is null)
        {
            return;
        }

        try
        {
            File.WriteAllText(OomScore, before);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the runner stays as likely a victim as the command: worse, not wrong.
        }
    }

    private static CommandExit Failure(int code, string error) => new(code, false, false, 0, error);

    private static int CloseOne(int fd)
    {
        if (fd >= 0)
        {
            Posix.close(fd);
        }

        return -1;
    }

    private static void Close(params ReadOnlySpan<int> fds)
    {
        foreach (var fd in fds)
        {
            Posix.close(fd);
        }
    }
}
