namespace Orchestrator.Guest.Supervision;

/// <summary>Resolves a command's working directory.</summary>
internal static class WorkingFolder
{
    /// <summary>An absolute path; relative ones and <c>~</c> are the home's, and none is the home itself.</summary>
    public static string Of(string? path) => path switch
    {
        null or "" or "~" => CodeUser.Current.Home,
        ['~', '/', ..] => Path.Combine(CodeUser.Current.Home, path[2..]),
        _ => Path.Combine(CodeUser.Current.Home, path),
    };
}
