using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Mining;

/// <summary>Section <c>Mining</c>: rounds, and the miner.</summary>
public sealed class MiningOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Mining";

    /// <summary>The least difficulty of a valid share. Greater than 0.</summary>
    [Range(double.Epsilon, double.MaxValue, ErrorMessage = "TargetDifficulty is a number greater than 0.")]
    public double TargetDifficulty { get; set; } = 1;

    /// <summary>Whether this process searches for shares on its own, besides <c>mine</c> tasks.</summary>
    public bool Enabled { get; set; }

    /// <summary>The miner's share of all processors' time. 0.01 to 1.</summary>
    [Range(0.01, 1, ErrorMessage = "CpuShare is 0.01 to 1.")]
    public double CpuShare { get; set; } = 0.5;

    /// <summary>The name its shares are submitted under. 1 to 128 characters.</summary>
    /// <value>the process's name</value>
    [StringLength(Submission.MaxIdLength, MinimumLength = 1, ErrorMessage = "WorkerId is 1 to 128 characters.")]
    public string? WorkerId { get; set; }
}
