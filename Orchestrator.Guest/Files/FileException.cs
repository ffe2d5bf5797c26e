using System.Runtime.InteropServices;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Files;

/// <summary>An operation on files failed for a reason that its caller is told.</summary>
/// <param name="code">One of <see cref="FileFailure"/>'s codes.</param>
/// <param name="message">For people.</param>
internal sealed class FileException(string code, string message) : Exception(message)
{
    public string Code => code;

    /// <param name="error">The kernel's error number.</param>
    /// <param name="what">The path, or what else the operation was about.</param>
    public static FileException Of(int error, PosixPath what) => Of(error, what.Text);

    /// <inheritdoc cref="Of(int, PosixPath)"/>
    public static FileException Of(int error, string what) => error switch
    {
        Libc.ENOENT or Libc.ENOTDIR => new(FileFailure.NotFound, $"file not found: {what}"),
        Libc.EACCES or Libc.EPERM or Libc.EROFS => new(FileFailure.PermissionDenied, $"permission denied: {what}"),
        Libc.EEXIST => new(FileFailure.AlreadyExists, $"already exists: {what}"),
        Libc.ENOSPC or Libc.EDQUOT => new(FileFailure.NoSpace, $"not enough disk space for {what}"),
        Libc.EFBIG => new(FileFailure.NoSpace, $"the file system takes no file that large: {what}"),
        Libc.EMFILE or Libc.ENFILE or Libc.ENOMEM => new(FileFailure.ResourceExhausted, $"out of descriptors or memory: {what}"),
        Libc.ENOTEMPTY => new(FileFailure.FailedPrecondition, $"folder is not empty: {what}"),
        Libc.ETXTBSY => new(FileFailure.FailedPrecondition, $"program is running: {what}"),
        Libc.EXDEV => new(FileFailure.InvalidArgument, $"source and destination are on different file systems: {what}"),
        Libc.EISDIR => new(FileFailure.InvalidArgument, $"path is a directory: {what}"),
        Libc.EINVAL or Libc.ELOOP or Libc.ENAMETOOLONG => new(FileFailure.InvalidArgument, $"invalid path: {what} ({Marshal.GetPInvokeErrorMessage(error)})"),
        _ => new(FileFailure.Internal, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}"),
    };
}
