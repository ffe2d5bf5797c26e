using System.Formats.Tar;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Unpacks a tar archive into a folder, making it where it is missing.</summary>
/// <remarks>
/// The archive is unpacked into a new folder inside, and what is in that is renamed to its place when all of it is there. So nothing is left of
/// one that does not fit or is broken, and no link can lead out: there is none in the way but those of the archive, and
/// no entry goes through these.
/// </remarks>
internal sealed class UnpackOperation(AgentChannel channel, PosixPath root)
{
    private const uint Private = 0x1c0; // 0700

    /// <exception cref="FileException">It is no archive, or can't be unpacked there.</exception>
    /// <exception cref="EndOfStreamException">The server is gone before all was sent.</exception>
    public void Run()
    {
        Folders.MakeAll(root);
        using var folder = OpenFile.Folder(root);
        var staging = TemporaryName.Make();
        if (Libc.MakeDirectoryAt(folder.Fd, staging, Private) != 0)
        {
            throw FileException.Of(Posix.LastError, root);
        }

        try
        {
            using (var tree = new StagedTree(Libc.OpenAt(folder.Fd, staging, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW)))
            {
                Unpack(tree);
            }

            new MergeOperation(folder.Fd, root).Run(staging);
        }
        finally
        {
            TryRemove(folder.Fd, staging);
        }
    }

    private void Unpack(StagedTree tree)
    {
        var input = new FrameInputStream(channel);
        if (!input.HasAny())
        {
            return;
        }

        try
        {
            using var archive = new TarReader(input, leaveOpen: true);
            while (archive.GetNextEntry() is { } entry)
            {
                tree.Add(entry);
            }
        }
        catch (Exception error) when (error is InvalidDataException or FormatException or ArgumentException
            || (error is EndOfStreamException && !channel.IsGone))
        {
            throw new FileException(FileFailure.InvalidArgument, $"not a readable tar archive: {error.Message}");
        }

        // What follows the archive's end is padding.
        while (!input.Next().IsEmpty)
        {
        }
    }

    private static void TryRemove(int folder, PosixPath staging)
    {
        try
        {
            RemoveOperation.RunAt(folder, staging);
        }
        catch (FileException)
        {
            // The archive's own end is what the caller is told.
        }
    }
}
