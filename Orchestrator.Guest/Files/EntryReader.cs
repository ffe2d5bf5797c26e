using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files;

/// <summary>Looks at files for <see cref="FileEntry"/>.</summary>
internal sealed class EntryReader
{
    private readonly UserNames _names = new();

    /// <exception cref="FileException">There is no such file.</exception>
    public FileEntry Read(PosixPath path) =>
        Find(Libc.AT_FDCWD, path, path) ?? throw FileException.Of(Posix.LastError, path);

    /// <param name="folder">The descriptor that the name is relative to.</param>
    /// <param name="name">The entry's name there.</param>
    /// <param name="path">The absolute path to tell.</param>
    /// <returns>Null when it is gone.</returns>
    public FileEntry? Find(int folder, PosixPath name, PosixPath path)
    {
        if (FileStatus.At(folder, name, follow: false) is not { } own)
        {
            return null;
        }

        var target = own.IsLink ? FileStatus.At(folder, name, follow: true) : own;
        return new FileEntry(
            path.Name.Text,
            target?.Type ?? FileTypes.Unspecified,
            path.Text,
            own.Size,
            (target ?? own).Permissions,
            own.ModeText,
            _names.User(own.User),
            _names.Group(own.Group),
            own.Modified,
            own.IsLink ? (Libc.RealPath(path) ?? Libc.ReadLinkAt(folder, name))?.Text : null,
            own.IsRegular || own.IsDirectory ? ExtendedAttributes.Read(path) : null);
    }
}
