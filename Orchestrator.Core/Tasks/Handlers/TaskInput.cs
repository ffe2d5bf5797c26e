using System.Text.Json;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>The checks that every handler makes of its input.</summary>
internal static class TaskInput
{
    /// <summary>What is wrong with the shape of an input; null when it is an object that has only these fields.</summary>
    public static string? Problem(JsonElement input, params ReadOnlySpan<string> fields)
    {
        if (input.ValueKind != JsonValueKind.Object)
        {
            return "input must be an object.";
        }

        foreach (var field in input.EnumerateObject())
        {
            if (!fields.Contains(field.Name))
            {
                return $"{Shown(field.Name)} is not a field of this task type.";
            }
        }

        return null;
    }

    // Unknown input is cut short before it is echoed.
    private static string Shown(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
