using System.Globalization;

namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// An exclusive claim on a data folder: a lock on <c>orchestrator.lock</c> that the operating system releases when
/// the process dies. The file itself stays, and beside it <c>orchestrator.pid</c>, which names its last holder.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The database's full path.</summary>
    public string Database => System.IO.Path.Combine(Path, "orchestrator.db");

    /// <summary>Makes the folder when it is missing, for this user alone, and claims it.</summary>
    /// <exception cref="StorageException">Another process holds it, or it can't be made or written, or begins with <c>~</c>.</exception>
    public static DataFolder Claim(string path)
    {
        if (path.StartsWith('~'))
        {
            throw new StorageException($"Storage:DataFolder: '{path}' is not a full path; only a shell knows what ~ means.");
        }

        path = System.IO.Path.GetFullPath(path);
        var file = System.IO.Path.Combine(path, "orchestrator.lock");
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var claim = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            NameHolder(path);
            return new DataFolder(path, claim);
        }
        catch (IOException e) when (IsTaken(e) && File.Exists(file))
        {
            throw new StorageException($"The data folder {path} is in use by another orchestrator{Holder(path)}. Stop it, or choose another folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"Storage:DataFolder: the folder {path} can't be used: {e.Message}", e);
        }
    }

    public void Dispose() => _lock.Dispose();

    // EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.
    private static bool IsTaken(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    // Not in the locked file itself: other processes can't open that one.
    private static string HolderFile(string path) => System.IO.Path.Combine(path, "orchestrator.pid");

    private static void NameHolder(string path)
    {
        try
        {
            File.WriteAllText(HolderFile(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It only improves a message; writes that matter report a full disk.
        }
    }

    private static string Holder(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(HolderFile(path)), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? $" (process {id})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
