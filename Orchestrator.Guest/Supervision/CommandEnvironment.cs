using System.Collections;
using Orchestrator.Guest.Protocol;

namespace Orchestrator.Guest.Supervision;

/// <summary>A command's environment: the container's, without the runner's own variables.</summary>
internal static class CommandEnvironment
{
    /// <summary>Holds the command's id; distinguishes its processes from another's when their parents are gone.</summary>
    public const string Marker = "ORCHESTRATOR_COMMAND";

    private static readonly string[] Hidden =
    [
        GuestSettings.TokenHashVariable, "DOTNET_EnableDiagnostics", "DOTNET_TieredPGO", "DOTNET_TieredCompilation",
        "DOTNET_GCHeapHardLimit", "DOTNET_TC_BackgroundWorkerTimeoutMs",
    ];

    public static Dictionary<string, string> Of(CommandRequest request, string id)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        foreach (var name in Hidden)
        {
            variables.Remove(name);
        }

        foreach (var (name, value) in request.Env ?? new Dictionary<string, string>())
        {
            variables[name] = value;
        }

        variables[Marker] = id;
        return variables;
    }
}
