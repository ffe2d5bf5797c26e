namespace Orchestrator.Guest.Supervision;

/// <summary>Empties folders, whatever the rights of what is in them; links are removed, not followed.</summary>
internal static class FolderCleaner
{
    private const UnixFileMode Everything = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <param name="folder">The folder, which itself stays.</param>
    /// <param name="left">Gets the paths that could not be removed.</param>
    /// <param name="onlyOwn">Whether what is another user's is left alone, without mention.</param>
    public static void Empty(string folder, List<string> left, bool onlyOwn = false)
    {
        foreach (var entry in EntriesOf(folder))
        {
            if (!onlyOwn || Posix.IsOwn(entry.FullName))
            {
                Remove(entry, left);
            }
        }
    }

    private static void Remove(FileSystemInfo entry, List<string> left)
    {
        try
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder)
            {
                folder.UnixFileMode = Everything;
                Empty(folder.FullName, left);
            }

            entry.Delete();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (entry is not DirectoryInfo || !left.Exists(path => path.StartsWith(entry.FullName + "/", StringComparison.Ordinal)))
            {
                left.Add(entry.FullName);
            }
        }
    }

    private static List<FileSystemInfo> EntriesOf(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
