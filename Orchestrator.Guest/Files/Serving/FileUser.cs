using System.Globalization;
using System.Text;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Files.Serving;

/// <summary>The user that a caller names: everything is done as the code's, so it may only be that one.</summary>
internal static class FileUser
{
    private const string Scheme = "Basic ";

    /// <summary>What is wrong with the name; null for none, the code user's or its number, and for the one that SDKs send unasked.</summary>
    /// <param name="name">As a query or a Basic authorization has it.</param>
    /// <param name="id">The code user's.</param>
    public static string? Problem(string? name, uint id)
    {
        var own = CodeUser.NameOf(id) ?? CodeUser.DefaultName;
        return name is null or "" or CodeUser.DefaultName || name == own || name == id.ToString(CultureInfo.InvariantCulture)
            ? null
            : $"invalid user: '{name}'. Everything runs as '{own}' here.";
    }

    /// <summary>The user of the query's <c>username</c>, or of <c>Authorization: Basic</c>; null when there is none.</summary>
    /// <exception cref="FileException">Malformed.</exception>
    public static string? NamedBy(HttpRequest request)
    {
        if (request.Query["username"] is [{ Length: > 0 } name])
        {
            return name;
        }

        string? authorization = request.Headers.Authorization;
        if (authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) != true)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(authorization[Scheme.Length..].Trim())).Split(':')[0];
        }
        catch (FormatException)
        {
            throw new FileException(FileFailure.Unauthenticated, "The Basic authorization must be base64 of 'user:'.");
        }
    }
}
