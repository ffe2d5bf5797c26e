using System.Buffers.Binary;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// Counts the commits to an SQLite database by any process from its write-ahead log, without opening the database: a
/// frame with the size of the database is a transaction's last (SQLite file format, 4.1 and 4.2).
/// </summary>
internal static class Commits
{
    private const int Header = 32;
    private const int FrameHeader = 24;

    /// <summary>A number that grows with every commit and with every restart of the log.</summary>
    public static long Read(string folder)
    {
        var log = new FileInfo(Directory.GetFiles(folder, "*-wal").Single());
        using var file = new FileStream(log.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[Header];
        if (file.ReadAtLeast(header, Header, throwOnEndOfStream: false) < Header)
        {
            return 0;
        }

        var page = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8));
        var round = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
        var salt = header.AsSpan(16, 8).ToArray();
        var frame = new byte[FrameHeader];
        var commits = 0;
        for (long at = Header; at + FrameHeader + page <= file.Length; at += FrameHeader + page)
        {
            file.Position = at;
            file.ReadExactly(frame);
            if (!frame.AsSpan(8, 8).SequenceEqual(salt))
            {
                break;
            }

            commits += BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4)) != 0 ? 1 : 0;
        }

        return ((long)round << 32) + commits;
    }
}
