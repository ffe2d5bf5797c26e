using System.Text.Json;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Reads a regular file: tells what it is, waits for the part that is wanted, sends it. Facts and bytes are of one
/// open file, even when another one takes its name meanwhile.</summary>
internal sealed class ReadOperation(AgentChannel channel, PosixPath path)
{
    /// <exception cref="FileException">Missing, no regular file, or not to be read.</exception>
    public void Run()
    {
        var (file, status) = OpenFile.Read(path);
        using (file)
        {
            channel.Start(FactsOf(file, status), ProtocolJson.Default.FileFacts);
            channel.FlushAll();
            if (channel.ReadFrame() is not { Type: FrameType.Control } control)
            {
                throw new FrameException("A read waits for its range.");
            }

            var range = JsonSerializer.Deserialize(control.Payload.Span, ProtocolJson.Default.FileRange)
                ?? throw new FrameException("The range is null.");
            Libc.Seek(file.Fd, range.Offset);
            Send(file.Fd, range.Length);
        }
    }

    private FileFacts FactsOf(OpenFile file, FileStatus status)
    {
        // The kernel's own files say that they are empty, and are not.
        Span<byte> first = stackalloc byte[1];
        var isMade = status.Size == 0 && Posix.Read(file.Fd, first) > 0;
        return new FileFacts(path.Name.Text, isMade ? null : status.Size, status.Version, status.Modified);
    }

    private void Send(int fd, long? length)
    {
        var left = length ?? long.MaxValue;
        while (left > 0)
        {
            var wanted = (int)Math.Min(left, Frame.MaxPayload);
            var count = Posix.Read(fd, channel.Reserve(Frame.MaxPayload)[..wanted]);
            if (count < 0 && Posix.LastError == Posix.EINTR)
            {
                continue;
            }

            if (count <= 0)
            {
                // Shorter than it was: the server, which has told the length, has to cut the answer off.
                _ = count < 0 || length is not null
                    ? throw FileException.Of(count < 0 ? Posix.LastError : Libc.EIO, path)
                    : 0;
                break;
            }

            channel.Commit(FrameType.Output, count);
            channel.FlushAll();
            left -= count;
        }
    }
}
