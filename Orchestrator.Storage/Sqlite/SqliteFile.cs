using System.Buffers.Binary;
using Microsoft.Data.Sqlite;

namespace Orchestrator.Storage.Sqlite;

/// <summary>The result of inspecting a database file.</summary>
/// <param name="Version">Its version; 0 when it is new.</param>
/// <param name="Unclean">Whether its last process was killed.</param>
internal readonly record struct SqliteFile(int Version, bool Unclean)
{
    /// <summary>Identifies our files, <c>PRAGMA application_id</c>: "Orch" in ASCII.</summary>
    public const int ApplicationId = 0x4F726368;

    /// <summary>Up to this size a file is checked at every opening; it takes a few milliseconds at most.</summary>
    public const long SmallBytes = 2 << 20;

    // https://www.sqlite.org/fileformat2.html, 1.3: the header's fields by offset, big-endian.
    private const int HeaderBytes = 100;
    private const int PageSizeAt = 16;
    private const int ChangesAt = 24;
    private const int PagesAt = 28;
    private const int VersionAt = 60;
    private const int ApplicationIdAt = 68;
    private const int ValidForAt = 92;
    private const int FirstPageCellsAt = 103;
    private const int InspectedBytes = 108;

    /// <summary>
    /// Inspects a database before anything opens it for writing. Never changes or creates a file, nor one next to it.
    /// </summary>
    /// <exception cref="StorageException">It is damaged, foreign, of a newer version or can't be read.</exception>
    public static SqliteFile Inspect(string path, int newestVersion)
    {
        try
        {
            Span<byte> head = stackalloc byte[InspectedBytes];
            if (!File.Exists(path))
            {
                return default;
            }

            var length = ReadHead(path, ref head);
            if (length == 0)
            {
                return default;
            }

            if (length < HeaderBytes || !head.StartsWith("SQLite format 3\0"u8))
            {
                throw Refused(path, "is not an SQLite database");
            }

            var log = new FileInfo(path + "-wal");
            var unclean = log is { Exists: true, Length: > 0 };
            return unclean ? InspectWithLog(path, newestVersion) : InspectAlone(path, length, head, newestVersion);
        }
        catch (SqliteException e)
        {
            throw Refused(path, e.IsBusy ? "is open in another program" : $"{(e.IsDamage ? "is damaged" : "can't be read")}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, $"can't be read: {e.Message}", e);
        }
    }

    public static StorageException Refused(string path, string cause, Exception? inner = null) =>
        new($"The database {path} {cause}. It was left as it is.", inner);

    private static long ReadHead(string path, ref Span<byte> head)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        return file.Length;
    }

    // After a clean stop the file alone is complete.
    private static SqliteFile InspectAlone(string path, long length, ReadOnlySpan<byte> head, int newestVersion)
    {
        var version = BinaryPrimitives.ReadInt32BigEndian(head[VersionAt..]);
        var applicationId = BinaryPrimitives.ReadInt32BigEndian(head[ApplicationIdAt..]);
        var pages = BinaryPrimitives.ReadUInt32BigEndian(head[PagesAt..]);

        // Killed between making the file and its first table.
        var empty = pages == 1 && length > FirstPageCellsAt + 1 && BinaryPrimitives.ReadUInt16BigEndian(head[FirstPageCellsAt..]) == 0;
        if (version == 0 && applicationId == 0 && empty)
        {
            return default;
        }

        Judge(path, version, applicationId, newestVersion);

        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(head[PageSizeAt..]) is var size and not 1 ? size : 65_536;
        var pagesAreValid = head[ChangesAt..(ChangesAt + 4)].SequenceEqual(head[ValidForAt..(ValidForAt + 4)]);
        if (pagesAreValid && length < (long)pages * pageSize)
        {
            throw Refused(path, $"is damaged: it ends after {length} of {(long)pages * pageSize} bytes");
        }

        if (length <= SmallBytes)
        {
            using var connection = StoreConnection.OpenAlone(path);
            Check(path, connection);
        }

        return new SqliteFile(version, Unclean: false);
    }

    // The log may be ahead of the file's header, and recovering it would change both.
    private static SqliteFile InspectWithLog(string path, int newestVersion)
    {
        using var connection = StoreConnection.OpenWithLog(path);
        var version = (int)connection.Scalar<long>("PRAGMA user_version");
        var applicationId = (int)connection.Scalar<long>("PRAGMA application_id");
        if (version == 0 && applicationId == 0 && connection.Scalar<long>("SELECT count(*) FROM sqlite_schema") == 0)
        {
            return new SqliteFile(0, Unclean: true);
        }

        Judge(path, version, applicationId, newestVersion);
        Check(path, connection);
        return new SqliteFile(version, Unclean: true);
    }

    private static void Judge(string path, int version, int applicationId, int newestVersion)
    {
        if (applicationId != ApplicationId || version < 1)
        {
            throw Refused(path, "belongs to another program");
        }

        if (version > newestVersion)
        {
            throw Refused(path, $"has version {version}, and this orchestrator knows versions up to {newestVersion}");
        }
    }

    private static void Check(string path, StoreConnection connection)
    {
        if (connection.Scalar<string>("PRAGMA quick_check(1)") is var answer and not "ok")
        {
            throw Refused(path, $"is damaged: {answer.ReplaceLineEndings(" ")}");
        }
    }
}
