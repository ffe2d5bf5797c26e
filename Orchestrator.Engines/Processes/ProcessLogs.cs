using System.Buffers;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Processes;

/// <summary>Reads runners' log files. Both of a process's streams are in one.</summary>
internal static class ProcessLogs
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>Copies a log, and continues while <paramref name="goesOn"/> reports that more may come.</summary>
    /// <exception cref="RunnerGoneException">There is no such log.</exception>
    public static async Task CopyAsync(
        string path, Func<bool> goesOn, int? tail, IExecOutput output, TimeProvider time, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (tail is { } lines)
            {
                await SeekTailAsync(file, lines, buffer, cancellationToken);
            }

            await output.BeginAsync(cancellationToken);
            while (true)
            {
                // Asked before reading: output up to the end is then read for certain.
                var more = goesOn();
                int count;
                while ((count = await file.ReadAsync(buffer, cancellationToken)) > 0)
                {
                    await output.WriteAsync(OutputStream.Stdout, buffer.AsMemory(0, count), cancellationToken);
                }

                if (!more)
                {
                    return;
                }

                await Task.Delay(BetweenLooks, time, cancellationToken);
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RunnerGoneException("There is no such runner.", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Counts newlines from the end; the last one ends the last line and does not count.
    private static async Task SeekTailAsync(FileStream file, int lines, byte[] buffer, CancellationToken cancellationToken)
    {
        var end = file.Length;
        var position = end;
        var seen = 0;
        while (position > 0)
        {
            var from = Math.Max(0, position - buffer.Length);
            file.Position = from;
            await file.ReadExactlyAsync(buffer.AsMemory(0, (int)(position - from)), cancellationToken);
            for (var at = position - 1; at >= from; at--)
            {
                if (buffer[at - from] == (byte)'\n' && at != end - 1 && ++seen == lines)
                {
                    file.Position = at + 1;
                    return;
                }
            }

            position = from;
        }

        file.Position = lines == 0 ? end : 0;
    }
}
