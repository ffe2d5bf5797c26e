using System.Text;
using Orchestrator.Core.Engines;

namespace Orchestrator.Engines.Docker;

/// <summary>
/// Tells the engine's own words from a command's output: where a program can't be started, the engine writes why to its
/// standard output.
/// </summary>
/// <remarks><code>
/// OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown
/// </code></remarks>
internal sealed class StartFailure
{
    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int Longest = 4 << 10;

    private static readonly byte[] Prefix = [.. "OCI runtime exec failed: "u8];

    private byte[]? _held;
    private bool _began;

    /// <summary>Keeps the first piece of output if it may be the engine's.</summary>
    public bool Holds(OutputStream stream, ReadOnlySpan<byte> piece)
    {
        var first = !_began;
        _began = true;
        if (!first || stream != OutputStream.Stdout || piece.Length > Longest || !piece.StartsWith(Prefix))
        {
            return false;
        }

        _held = piece.ToArray();
        return true;
    }

    /// <summary>Why the program was not started; null when it was, and what was held is passed on.</summary>
    public async ValueTask<string?> ExplainAsync(int exitCode, BoundedOutput output, CancellationToken cancellationToken)
    {
        if (_held is null)
        {
            return null;
        }

        if (exitCode is NotFound or NotExecutable)
        {
            return Encoding.UTF8.GetString(_held).Trim();
        }

        await output.WriteAsync(OutputStream.Stdout, _held, cancellationToken);
        return null;
    }

    /// <summary>The exit code of a shell in that case; engines differ in theirs.</summary>
    public static int CodeOf(string error) =>
        error.Contains("not found", StringComparison.Ordinal) || error.Contains("no such file", StringComparison.Ordinal) ? NotFound : NotExecutable;
}
