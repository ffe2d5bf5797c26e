using System.Runtime.InteropServices;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>A started command: first of its own session, with our ends of its three pipes or of its terminal.</summary>
internal sealed class SpawnedCommand
{
    private SpawnedCommand(int pid, string id, int input, int output, int error)
    {
        (Pid, Id, Input, Output, Error) = (pid, id, input, output, error);
        PidFd = Posix.OpenPidFd(pid);
        IsTerminal = input == output;
        StartTime = ProcessTable.ReadOne(pid)?.StartTime ?? 0;
    }

    public int Pid { get; }

    public string Id { get; }

    public int Input { get; private set; }

    public int Output { get; private set; }

    public int Error { get; private set; }

    /// <summary>Polls readable when the process has ended; -1 where the kernel has no such descriptors.</summary>
    public int PidFd { get; private set; }

    /// <summary>Whether all its streams are one terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>As <see cref="ProcessEntry.StartTime"/>.</summary>
    public long StartTime { get; }

    /// <summary>Whether it is reaped, or abandoned: its id may be another process's now.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Starts the command.</summary>
    /// <returns>The command, or null with the exit that says why there is none (126 or 127).</returns>
    /// <remarks>Not to be called by two threads at once: the start borrows this process's OOM score.</remarks>
    public static (SpawnedCommand? Command, CommandExit? Failure) Start(ProcessRequest request, string id)
    {
        var folder = WorkingFolder.Of(request.Cwd);
        if (!Directory.Exists(folder))
        {
            return (null, Failure(126, $"working directory not found: {folder}", "invalid_argument"));
        }

        var environment = CommandEnvironment.Of(request, id);
        if (ProgramPath.Find(request.Command[0], environment.GetValueOrDefault("PATH"), folder) is not { } path)
        {
            return (null, Failure(127, $"command not found: {request.Command[0]}"));
        }

        var failed = request.Terminal is { } size
            ? OnTerminal(path, request, environment, folder, size, id, out var command)
            : OnPipes(path, request, environment, folder, id, out command);
        return failed switch
        {
            0 => (command, null),
            Posix.ENOENT or Posix.ENOTDIR => (null, Failure(127, $"command not found: {request.Command[0]}")),
            _ => (null, Failure(126, $"command cannot be executed: {request.Command[0]} ({Marshal.GetPInvokeErrorMessage(failed)})")),
        };
    }

    private static int OnPipes(
        string path, ProcessRequest request, Dictionary<string, string> environment, string folder, string id, out SpawnedCommand? command)
    {
        var (childInput, input) = Posix.Pipe();
        var (output, childOutput) = Posix.Pipe();
        var (error, childError) = Posix.Pipe();
        int failed, pid;
        try
        {
            failed = Spawn(path, request, environment, folder, (childInput, childOutput, childError), null, out pid);
        }
        finally
        {
            Close(childInput, childOutput, childError);
        }

        command = failed == 0 ? new SpawnedCommand(pid, id, input, output, error) : null;
        if (failed == 0)
        {
            Posix.MakeNonBlocking(input);
        }
        else
        {
            Close(input, output, error);
        }

        return failed;
    }

    private static int OnTerminal(
        string path, ProcessRequest request, Dictionary<string, string> environment, string folder, TerminalSize size, string id, out SpawnedCommand? command)
    {
        var (terminal, name) = Posix.OpenTerminal();
        Posix.Resize(terminal, size.Cols, size.Rows);
        environment.TryAdd("TERM", "xterm-256color");
        var failed = Spawn(path, request, environment, folder, default, name, out var pid);
        command = failed == 0 ? new SpawnedCommand(pid, id, terminal, terminal, -1) : null;
        if (failed == 0)
        {
            Posix.MakeNonBlocking(terminal);
        }
        else
        {
            Close(terminal);
        }

        return failed;
    }

    private static int Spawn(
        string path, ProcessRequest request, Dictionary<string, string> environment, string folder, (int, int, int) streams, string? terminal, out int pid)
    {
        var score = OomScore.Sacrifice();
        try
        {
            return PosixSpawn.Start(path, request.Command, environment, folder, streams, terminal, out pid);
        }
        finally
        {
            OomScore.Restore(score);
        }
    }

    /// <summary>Closes standard input; of a terminal, everything.</summary>
    public void CloseInput()
    {
        Output = IsTerminal ? -1 : Output;
        Input = CloseOne(Input);
    }

    /// <summary>Closes standard output; of a terminal, everything.</summary>
    public void CloseOutput()
    {
        Input = IsTerminal ? -1 : Input;
        Output = CloseOne(Output);
    }

    public void CloseError() => Error = CloseOne(Error);

    /// <summary>Gives away the streams that are still open to be read, and closes the rest.</summary>
    public List<int> ReleaseOutputs()
    {
        List<int> outputs = [.. new[] { Output, Error }.Where(fd => fd >= 0)];
        (Output, Error) = (-1, -1);
        Input = IsTerminal ? -1 : Input;
        CloseAll();
        return outputs;
    }

    public void CloseAll()
    {
        CloseInput();
        CloseOutput();
        CloseError();
        PidFd = CloseOne(PidFd);
    }

    private static CommandExit Failure(int exitCode, string error, string? code = null) => new(exitCode, false, false, 0, error, Code: code);

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
