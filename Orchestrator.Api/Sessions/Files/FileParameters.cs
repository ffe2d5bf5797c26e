using Orchestrator.Client;
using Orchestrator.Core.Guests;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>Reads the parameters of calls about files, and describes entries.</summary>
internal static class FileParameters
{
    private const int MaxPath = 4_096;
    private const double DefaultSeconds = 3_600;
    private const double LongestSeconds = 604_800;

    /// <summary>A path in the runner.</summary>
    /// <exception cref="InvalidInputException">It is missing, too long or contains NUL.</exception>
    public static string ReadPath(string field, string? path) => path switch
    {
        null or "" => throw new InvalidInputException("FIELD_REQUIRED", $"{field} is required: a path in the runner."),
        { Length: > MaxPath } => throw InvalidInputException.Field(field, $"is longer than {MaxPath} characters."),
        _ when path.Contains('\0') => throw InvalidInputException.Field(field, "contains a NUL character."),
        _ => path,
    };

    /// <summary>Whether a link is for writing.</summary>
    /// <exception cref="InvalidInputException">It is neither for reading nor for writing.</exception>
    public static bool ReadOperation(string? operation) => operation switch
    {
        null or "read" => false,
        "write" => true,
        _ => throw InvalidInputException.Field("operation", "must be read or write."),
    };

    /// <summary>How long a link is valid.</summary>
    /// <exception cref="InvalidInputException">It is out of its range.</exception>
    public static TimeSpan ReadLifetime(double? seconds) => (seconds ?? DefaultSeconds) is >= 1 and <= LongestSeconds and var valid
        ? TimeSpan.FromSeconds(valid)
        : throw InvalidInputException.Field("expiresInSeconds", $"must be from 1 to {LongestSeconds}.");

    /// <summary>An entry as callers see it.</summary>
    public static RunnerFile Describe(GuestEntry entry) => new(
        entry.Name,
        $"FILE_TYPE_{entry.Type.ToString().ToUpperInvariant()}",
        entry.Path,
        entry.Size,
        entry.Mode,
        entry.Permissions,
        entry.Owner,
        entry.Group,
        entry.ModifiedTime,
        entry.SymlinkTarget);
}
