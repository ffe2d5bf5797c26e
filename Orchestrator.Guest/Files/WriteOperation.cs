using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Writes a file: in place, or beside it and renamed, so that a reader never sees half of it.</summary>
/// <remarks>What does not fit is taken back: a new file is removed, one that was truncated is left empty, one that was to be
/// replaced is as it was.</remarks>
internal sealed class WriteOperation(AgentChannel channel, PosixPath path, FileRequest request)
{
    private const uint NewMode = 0x1b6; // 0666, less the umask

    /// <exception cref="FileException">It can't be written.</exception>
    /// <exception cref="EndOfStreamException">The server is gone before all was sent.</exception>
    public void Run()
    {
        if (request.Path.EndsWith('/'))
        {
            throw new FileException(FileFailure.InvalidArgument, $"path is a directory: {request.Path}");
        }

        var there = FileStatus.At(Libc.AT_FDCWD, path, follow: true);
        if (there is { IsRegular: false })
        {
            throw new FileException(
                FileFailure.InvalidArgument, $"path is {(there.Value.IsDirectory ? "a directory" : "not a regular file")}: {path}");
        }

        if (there is null)
        {
            Folders.MakeParents(path);
        }

        if (request.Atomic)
        {
            Replace(there);
        }
        else
        {
            Truncate(isNew: there is null);
        }
    }

    private void Truncate(bool isNew)
    {
        using var file = Open(path, Libc.O_TRUNC);
        try
        {
            Copy(file.Fd);
            ExtendedAttributes.Replace(Libc.RealPath(path) ?? path, request.Metadata);
        }
        catch (FileException)
        {
            _ = isNew ? Libc.UnlinkAt(Libc.AT_FDCWD, path) : Libc.ftruncate(file.Fd, 0);
            throw;
        }
    }

    private void Replace(FileStatus? there)
    {
        // The link stays: its target is replaced.
        var target = there is null ? path : Libc.RealPath(path) ?? path;
        if (there is not null && !Libc.MayWrite(Libc.AT_FDCWD, target))
        {
            throw FileException.Of(Libc.EACCES, path);
        }

        var beside = target.Parent / TemporaryName.Make();
        using var file = Open(beside, Libc.O_EXCL);
        try
        {
            Copy(file.Fd);
            ExtendedAttributes.Replace(beside, request.Metadata);
            if (there is { } replaced)
            {
                _ = Libc.fchmod(file.Fd, replaced.Mode & FileStatus.AllModeBits);
            }

            if (Libc.RenameAt(Libc.AT_FDCWD, beside, Libc.AT_FDCWD, target) != 0)
            {
                throw FileException.Of(Posix.LastError, path);
            }
        }
        catch
        {
            Libc.UnlinkAt(Libc.AT_FDCWD, beside);
            throw;
        }
    }

    private OpenFile Open(PosixPath target, int flags)
    {
        // Not waiting for a reader, should the file have become a pipe.
        var fd = Libc.OpenAt(Libc.AT_FDCWD, target, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NONBLOCK | Libc.O_NOCTTY | flags, NewMode);
        return fd >= 0 ? new OpenFile(fd) : throw FileException.Of(Posix.LastError, path);
    }

    private void Copy(int fd)
    {
        var input = new FrameInputStream(channel);
        while (input.Next() is { IsEmpty: false } bytes)
        {
            WriteAll(fd, bytes.Span, path);
        }
    }

    /// <exception cref="FileException">Not all of it could be written.</exception>
    public static void WriteAll(int fd, ReadOnlySpan<byte> bytes, PosixPath path)
    {
        while (bytes.Length > 0)
        {
            var count = Posix.Write(fd, bytes);
            if (count < 0 && Posix.LastError != Posix.EINTR)
            {
                throw FileException.Of(Posix.LastError, path);
            }

            bytes = bytes[Math.Max(count, 0)..];
        }
    }
}
