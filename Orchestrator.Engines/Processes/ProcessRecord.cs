using System.Text.Json.Serialization;
using Orchestrator.Core;

namespace Orchestrator.Engines.Processes;

/// <summary>The record of a runner, written before its process starts.</summary>
internal sealed record ProcessRecord
{
    /// <summary>The runner's id, which is its handle too.</summary>
    public required string RunnerId { get; init; }

    /// <summary>Its template's name.</summary>
    public required string Template { get; init; }

    /// <summary>The image's name as the template gave it.</summary>
    public required string Image { get; init; }

    /// <summary>Its program, by build.</summary>
    public required string ImageId { get; init; }

    /// <summary>The hash of its plan; null for a runner of an older version.</summary>
    public string? Plan { get; init; }

    /// <summary>The port it listens on.</summary>
    public required int Port { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The boot it runs in.</summary>
    public required string BootId { get; init; }

    /// <summary>Its owner.</summary>
    public Owner? Owner { get; init; }
}

/// <summary>The records' JSON.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ProcessRecord))]
internal sealed partial class ProcessJson : JsonSerializerContext;
