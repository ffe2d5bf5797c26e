using System.Text.Json.Serialization;
using Orchestrator.Core;

namespace Orchestrator.Engines.Processes;

/// <summary>What is written down of a runner before its process starts.</summary>
internal sealed record ProcessRecord
{
    /// <summary>The runner's id, which is its handle too.</summary>
    public required string RunnerId { get; init; }

    /// <summary>Its template's name.</summary>
    public required string Template { get; init; }

    /// <summary>The image's name as the template gave it.</summary>
    public required string Image { get; init; }

    /// <summary>The program it runs, by its build.</summary>
    public required string ImageId { get; init; }

    /// <summary>The hash of what it was made like; null for one of an older version.</summary>
    public string? Plan { get; init; }

    /// <summary>The port it listens on.</summary>
    public required int Port { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The boot it runs in.</summary>
    public required string BootId { get; init; }

    /// <summary>Who owns it.</summary>
    public Owner? Owner { get; init; }
}

/// <summary>The records' JSON.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ProcessRecord))]
internal sealed partial class ProcessJson : JsonSerializerContext;
