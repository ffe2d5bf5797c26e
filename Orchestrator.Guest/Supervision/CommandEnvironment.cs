using System.Collections;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>A command's environment: the container's, without the guest's own variables.</summary>
internal static class CommandEnvironment
{
    /// <summary>Holds the command's id; distinguishes its processes from another's when their parents are gone.</summary>
    public const string Marker = "ORCHESTRATOR_COMMAND";

    /// <summary>The folder that is the session's, which <c>POST /reset</c> empties.</summary>
    public const string Workspace = "RUNNER_WORKSPACE";

    private static readonly string[] HiddenPrefixes = ["RUNNER_", "DOTNET_", "ASPNETCORE_"];

    /// <summary>What every command has, whatever its user.</summary>
    public static Dictionary<string, string> Common()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            var name = (string)entry.Key;
            if (name is not (GuestSettings.PortVariable or Marker)
                && !Array.Exists(HiddenPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                variables[name] = (string?)entry.Value ?? "";
            }
        }

        variables.TryAdd("PATH", ProgramPath.Default);
        variables.TryAdd("LANG", "C.UTF-8");
        variables["PYTHONUNBUFFERED"] = "1";
        return variables;
    }

    public static Dictionary<string, string> Of(ProcessRequest request, string id)
    {
        var variables = Common();
        var user = CodeUser.Current;
        variables["HOME"] = user.Home;
        variables["USER"] = variables["LOGNAME"] = user.Name;
        foreach (var (name, value) in request.Env ?? new Dictionary<string, string>())
        {
            variables[name] = value;
        }

        variables[Marker] = id;
        return variables;
    }
}
