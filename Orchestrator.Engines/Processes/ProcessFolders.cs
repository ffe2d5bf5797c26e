using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Core.Engines;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines.Processes;

/// <summary>
/// A folder per runner: <c>runner.json</c> (its record), <c>stat</c> (its process, written by itself as its first act),
/// <c>log</c> and <c>work</c>. All state is here, so the next orchestrator finds the running ones.
/// </summary>
internal sealed partial class ProcessFolders(ProcessOptions options, RunnersOptions runners, ILogger<ProcessFolders> logger)
{
    private const string RecordFile = "runner.json";
    private readonly Lock _gate = new();
    private readonly string _root = Path.Combine(Path.GetFullPath(options.Folder), runners.Instance);

    /// <summary>A runner's folder.</summary>
    /// <exception cref="EngineException">The id can't be a folder's name.</exception>
    public string Of(string runnerId) => runnerId is not ("" or "." or "..") && !runnerId.AsSpan().ContainsAny('/', '\\', '\0')
        ? Path.Combine(_root, runnerId)
        : throw new EngineException("Invalid runner id: it can't be a folder's name.");

    /// <summary>Its working directory.</summary>
    public string WorkOf(string runnerId) => Path.Combine(Of(runnerId), "work");

    /// <summary>Its log.</summary>
    public string LogOf(string runnerId) => Path.Combine(Of(runnerId), "log");

    /// <summary>Why no runner's folder can be created; null when one can.</summary>
    public string? FindObstacle()
    {
        try
        {
            Directory.CreateDirectory(_root);
            new FileStream(
                Path.Combine(_root, $".{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"The folder {_root} can't be written: {error.Message}";
        }
    }

    /// <summary>Creates a runner's folder, for this user alone.</summary>
    /// <exception cref="EngineException">It exists already, or can't be created.</exception>
    public void Create(ProcessRecord record)
    {
        var folder = Of(record.RunnerId);
        if (Directory.Exists(folder))
        {
            throw new EngineException($"Runner {record.RunnerId} exists already.");
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            Directory.CreateDirectory(WorkOf(record.RunnerId));
            Write(record);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"The folder {folder} can't be created: {error.Message}", error);
        }
    }

    /// <summary>Changes a runner's record in one step; one that is removed concurrently stays removed.</summary>
    public void Update(string runnerId, Func<ProcessRecord, ProcessRecord> change)
    {
        lock (_gate)
        {
            if (Read(runnerId) is { } record)
            {
                Write(change(record));
            }
        }
    }

    /// <summary>A runner's record; null when there is none.</summary>
    public ProcessRecord? Read(string runnerId)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(Of(runnerId), RecordFile)), ProcessJson.Default.ProcessRecord);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Every runner's record.</summary>
    public IEnumerable<ProcessRecord> ReadAll() => Directory.Exists(_root)
        ? Directory.EnumerateDirectories(_root).Select(folder => Read(Path.GetFileName(folder))).OfType<ProcessRecord>()
        : [];

    /// <summary>A runner's process; null before it has recorded itself, or after another boot.</summary>
    public ProcessIdentity? ProcessOf(ProcessRecord record)
    {
        try
        {
            return record.BootId == ProcessIdentity.BootId
                ? ProcessIdentity.Parse(File.ReadAllText(StatOf(record.RunnerId)), out _)
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Where a runner's process records its identity.</summary>
    public string StatOf(string runnerId) => Path.Combine(Of(runnerId), "stat");

    /// <summary>Deletes a runner's record, then its folder.</summary>
    public void Delete(string runnerId)
    {
        var folder = Of(runnerId);
        try
        {
            lock (_gate)
            {
                File.Delete(Path.Combine(folder, RecordFile));
            }

            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            NotDeleted(folder, error.Message);
        }
    }

    private void Write(ProcessRecord record)
    {
        var path = Path.Combine(Of(record.RunnerId), RecordFile);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(record, ProcessJson.Default.ProcessRecord));
        File.Move(path + ".new", path, overwrite: true);
    }

    [LoggerMessage(1400, LogLevel.Warning, "Folder {Folder} of a removed runner can't be deleted: {Reason}")]
    private partial void NotDeleted(string folder, string reason);
}
