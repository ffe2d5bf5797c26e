using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Core.Templates;

namespace Orchestrator.Engines;

/// <summary>The hash of an engine's plan for a template's runners (<see cref="Core.Engines.IRunnerEngine.PlanOf"/>).</summary>
internal static class PlanHash
{
    // Long enough that no two plans of an installation share it, short enough to read in a label.
    private const int Digits = 32;

    /// <summary>The hash of the engine's own part, and of the part that is common to all engines: the template's readiness.</summary>
    /// <returns>32 lower-case hexadecimal digits.</returns>
    public static string Of(RunnerTemplate template, params IEnumerable<string> parts)
    {
        string[] plan = [template.Ready.Kind.ToString(), template.Ready.Path, .. parts];
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(plan)))[..Digits];
    }
}
