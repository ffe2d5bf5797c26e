namespace Orchestrator.Guest.Serving;

/// <summary>One thing that the server does.</summary>
/// <param name="Method">The HTTP method; a GET is a HEAD too.</param>
/// <param name="Path">The whole path.</param>
/// <param name="Handle">Answers.</param>
/// <param name="Dialect">How refusals look.</param>
internal sealed record ServerRoute(string Method, string Path, RequestDelegate Handle, Dialect Dialect = Dialect.Runner)
{
    /// <summary>Whether the token is needed; a route that admits by itself says no.</summary>
    public bool NeedsToken { get; init; } = true;

    /// <summary>Whether a call is activity: the runner is not idle while it lasts.</summary>
    public bool IsActivity { get; init; } = true;

    /// <summary>The longest body, in bytes; null is any.</summary>
    public long? MaxBody { get; init; } = 1024 * 1024;
}

/// <summary>How a refusal's body looks.</summary>
internal enum Dialect
{
    /// <summary><c>{"error":"NOT_FOUND","message":…}</c>, the runner's own.</summary>
    Runner,

    /// <summary><c>{"code":404,"message":…}</c>, envd's REST.</summary>
    Rest,

    /// <summary><c>{"code":"not_found","message":…}</c>, Connect.</summary>
    Connect,
}

/// <summary>Some routes that belong together.</summary>
internal interface IEndpoint
{
    IEnumerable<ServerRoute> Routes { get; }
}
