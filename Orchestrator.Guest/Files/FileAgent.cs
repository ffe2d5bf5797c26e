using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Files.Watching;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>The agent's operations on files, on the calling thread, with this process's rights: the code user's.</summary>
/// <remarks>Every one needs the same memory for a byte as for a terabyte.</remarks>
/// <param name="channel">The server's end of the conversation.</param>
internal sealed class FileAgent(AgentChannel channel)
{
    public void Run(FileRequest request) => Answer(() => Do(request));

    public void Watch(WatchRequest request) => Answer(() =>
    {
        using var watch = new DirectoryWatch(channel, Resolve(request.Path), request);
        watch.Run();
        return false;
    });

    private bool Do(FileRequest request)
    {
        var path = Resolve(request.Path);
        switch (request.Operation)
        {
            case FileOperation.Stat:
                Start(new EntryReader().Read(path));
                return false;
            case FileOperation.List:
                return new ListOperation(channel, path, request.Depth).Run();
            case FileOperation.MakeDirectory:
                Folders.Make(path);
                Start(new EntryReader().Read(path));
                return false;
            case FileOperation.Move:
                var destination = Resolve(request.Destination ?? throw new FrameException("A move needs a destination."));
                MoveOperation.Run(path, destination);
                Start(new EntryReader().Read(destination));
                return false;
            case FileOperation.Remove:
                // An empty path is the home folder: nobody means that.
                _ = request.Path is "" ? throw new FileException(FileFailure.InvalidArgument, "path must not be empty") : 0;
                RemoveOperation.Run(path);
                return false;
            case FileOperation.Read:
                new ReadOperation(channel, path).Run();
                return false;
            case FileOperation.Write:
                new WriteOperation(channel, path, request).Run();
                Start(new EntryReader().Read(path));
                return false;
            case FileOperation.Pack:
                return new PackOperation(channel, path).Run();
            case FileOperation.Unpack:
                new UnpackOperation(channel, path).Run();
                return false;
            default:
                throw new FrameException("There is no such operation on files.");
        }
    }

    /// <summary>Tells the end of an operation that returns whether it left something out.</summary>
    private void Answer(Func<bool> operation)
    {
        try
        {
            var incomplete = operation();
            Exit(new CommandExit(0, false, incomplete, 0));
        }
        catch (FileException error)
        {
            Exit(new CommandExit(null, false, false, 0, error.Message, Code: error.Code));
        }
        catch (EndOfStreamException)
        {
            // The server is gone.
        }
    }

    private void Exit(CommandExit exit) => channel.Write(FrameType.Exit, exit.ToJson());

    private void Start(FileEntry entry) => channel.Start(entry, ProtocolJson.Default.FileEntry);

    private static PosixPath Resolve(string path) => PosixPath.Resolve(path, CodeUser.Current.Home);
}

/// <summary>What the operations on files say over a channel.</summary>
internal static class FileFrames
{
    public static void Start<T>(this AgentChannel channel, T facts, JsonTypeInfo<T> type) =>
        channel.Queue(FrameType.Start, JsonSerializer.SerializeToUtf8Bytes(facts, type));

    public static void Start(this AgentChannel channel) => channel.Queue(FrameType.Start, "{}"u8);

    /// <summary>Sends all that waits.</summary>
    /// <exception cref="EndOfStreamException">The server is gone.</exception>
    public static void FlushAll(this AgentChannel channel)
    {
        if (!channel.Flush())
        {
            throw new EndOfStreamException();
        }
    }

    /// <exception cref="EndOfStreamException">The server is gone.</exception>
    public static Frame ReadFrame(this AgentChannel channel) => channel.Read() ?? throw new EndOfStreamException();
}
