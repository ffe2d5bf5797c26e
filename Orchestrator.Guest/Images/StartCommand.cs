using System.Collections;
using System.Runtime.InteropServices;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Images;

/// <summary>Becomes a template's start command, which runs beside the guest: the image's own program, or another.</summary>
/// <remarks>Without the guest's own variables: a server that listens on <c>PORT</c> would ask for the guest's.</remarks>
internal static unsafe class StartCommand
{
    private const nint DefaultHandler = 0;
    private const int NotFound = 127;
    private const int NotExecutable = 126;

    private static readonly string[] Hidden =
        [GuestSettings.PortVariable, GuestSettings.BindVariable, GuestSettings.TokenHashVariable, GuestSettings.RunnerIdVariable];

    /// <summary>Returns only when the program can't be started.</summary>
    /// <returns>The exit code, 126 or 127 as of a shell.</returns>
    public static int Become(IReadOnlyList<string> command)
    {
        if (ProgramPath.Find(command[0], Environment.GetEnvironmentVariable("PATH"), null) is not { } program)
        {
            Console.Error.WriteLine($"{command[0]}: not found");
            return NotFound;
        }

        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => !Hidden.Contains((string)variable.Key))
            .Select(variable => $"{variable.Key}={variable.Value}");
        // .NET ignores it, and what is ignored stays so across exec.
        _ = Posix.signal(Posix.SIGPIPE, DefaultHandler);
        _ = Posix.execve((byte*)Marshal.StringToCoTaskMemUTF8(program), Pointers(command), Pointers([.. variables]));
        Console.Error.WriteLine($"{program}: error {Posix.LastError}");
        return Posix.LastError == Posix.ENOENT ? NotFound : NotExecutable;
    }

    // Never freed: the program takes this process's place.
    private static byte** Pointers(IReadOnlyList<string> texts)
    {
        var block = (nint*)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(nint));
        for (var index = 0; index < texts.Count; index++)
        {
            block[index] = Marshal.StringToCoTaskMemUTF8(texts[index]);
        }

        return (byte**)block;
    }
}
