using System.Text;
using Orchestrator.Guest.Files.Native;

namespace Orchestrator.Guest.Files;

/// <summary>Names of what is written beside its place before it is renamed.</summary>
internal static class TemporaryName
{
    private static ReadOnlySpan<byte> Prefix => ".orchestrator-"u8;

    public static PosixPath Make() =>
        new([.. Prefix, .. Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N"))]);

    /// <summary>Whether the name is one of these, which watchers don't see.</summary>
    public static bool Is(ReadOnlySpan<byte> name) => name.StartsWith(Prefix) && name.Length == Prefix.Length + 32;
}
