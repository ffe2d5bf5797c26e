using System.Runtime.InteropServices;
using System.Text;

namespace Orchestrator.Guest.Supervision;

/// <summary>Starts a program without a fork in a runtime of many threads.</summary>
internal static unsafe class PosixSpawn
{
    /// <returns>0, or the error number of the step that failed, up to and including the exec.</returns>
    /// <remarks>The program leads a new session and has every signal at its default: .NET ignores SIGPIPE, and ignored signals
    /// stay ignored across exec. Of our descriptors it gets the three given, or the terminal as all three: opening it makes it
    /// the session's.</remarks>
    public static int Start(
        string path,
        IReadOnlyList<string> command,
        IReadOnlyDictionary<string, string> environment,
        string? workingDirectory,
        (int Input, int Output, int Error) streams,
        string? terminal,
        out int pid)
    {
        // Room for the largest of the C libraries' opaque structures (glibc: 336 bytes; a signal set: 128).
        var attributes = stackalloc ulong[64];
        var actions = stackalloc ulong[64];
        var signals = stackalloc ulong[16];
        using var strings = new NativeStrings();
        var started = 0;

        Check(Posix.posix_spawnattr_init(attributes));
        Check(Posix.posix_spawn_file_actions_init(actions));
        try
        {
            Check(Posix.posix_spawnattr_setflags(attributes, Posix.SPAWN_SETSID | Posix.SPAWN_SETSIGDEF | Posix.SPAWN_SETSIGMASK));
            Check(Posix.sigfillset(signals));
            Check(Posix.posix_spawnattr_setsigdefault(attributes, signals));
            Check(Posix.sigemptyset(signals));
            Check(Posix.posix_spawnattr_setsigmask(attributes, signals));
            if (terminal is not null)
            {
                Check(Posix.posix_spawn_file_actions_addopen(actions, 0, strings.Add(terminal), Posix.O_RDWR, 0));
                streams = (0, 0, 0);
            }
            else
            {
                Check(Posix.posix_spawn_file_actions_adddup2(actions, streams.Input, 0));
            }

            Check(Posix.posix_spawn_file_actions_adddup2(actions, streams.Output, 1));
            Check(Posix.posix_spawn_file_actions_adddup2(actions, streams.Error, 2));
            if (workingDirectory is not null)
            {
                Check(Posix.posix_spawn_file_actions_addchdir_np(actions, strings.Add(workingDirectory)));
            }

            var argv = strings.AddAll(command);
            var envp = strings.AddAll([.. environment.Select(entry => $"{entry.Key}={entry.Value}")]);
            return Posix.posix_spawn(&started, strings.Add(path), actions, attributes, argv, envp);
        }
        finally
        {
            pid = started;
            Check(Posix.posix_spawn_file_actions_destroy(actions));
            Check(Posix.posix_spawnattr_destroy(attributes));
        }
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"Preparing a process failed with error {result}.");
        }
    }

    private sealed class NativeStrings : IDisposable
    {
        private readonly List<nint> _blocks = [];

        public byte* Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var block = Allocate(bytes.Length + 1);
            Marshal.Copy(bytes, 0, (nint)block, bytes.Length);
            block[bytes.Length] = 0;
            return block;
        }

        public byte** AddAll(IReadOnlyList<string> texts)
        {
            var block = (byte**)Allocate((texts.Count + 1) * sizeof(nint));
            for (var index = 0; index < texts.Count; index++)
            {
                block[index] = Add(texts[index]);
            }

            block[texts.Count] = null;
            return block;
        }

        public void Dispose() => _blocks.ForEach(Marshal.FreeHGlobal);

        private byte* Allocate(int size)
        {
            var block = Marshal.AllocHGlobal(size);
            _blocks.Add(block);
            return (byte*)block;
        }
    }
}
