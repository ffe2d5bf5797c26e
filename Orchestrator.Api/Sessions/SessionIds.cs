using System.Buffers;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Api.Sessions;

/// <summary>Reads session ids: the body before the header; an empty string counts as none.</summary>
internal static class SessionIds
{
    private const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>The id that a call carries; null when it carries none.</summary>
    /// <exception cref="InvalidInputException">It is malformed.</exception>
    public static string? Choose(string? body, string? header)
    {
        var id = string.IsNullOrEmpty(body) ? header : body;
        return string.IsNullOrEmpty(id) ? null : Check(id);
    }

    /// <summary>Validates a session id.</summary>
    /// <exception cref="InvalidInputException">It is malformed.</exception>
    public static string Check(string id) =>
        id.Length <= MaxLength && char.IsAsciiLetterOrDigit(id[0]) && !id.AsSpan().ContainsAnyExcept(Allowed)
            ? id
            : throw new InvalidInputException("SESSION_ID_INVALID",
                $"sessionId must be 1 to {MaxLength} letters, digits, '.', '_', ':' or '-', the first a letter or digit.");
}
