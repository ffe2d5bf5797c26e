using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Mining;

/// <summary>Section <c>Mining</c>: rounds, and the miner.</summary>
public sealed class MiningOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Mining";

    /// <summary>The difficulty that shares of every round need at least.</summary>
    [Range(double.Epsilon, double.MaxValue, ErrorMessage = "TargetDifficulty is a number greater than 0.")]
    public double TargetDifficulty { get; set; } = 1;

    /// <summary>Whether this process looks for shares by itself, beside what it is told to by <c>mine</c> tasks.</summary>
    public bool Enabled { get; set; }

    /// <summary>How much of all processors' time the miner takes at most, 0.01 to 1.</summary>
    [Range(0.01, 1, ErrorMessage = "CpuShare is 0.01 to 1.")]
    public double CpuShare { get; set; } = 0.5;

    /// <summary>The name that the miner's shares are submitted under; by default this process's own.</summary>
    [StringLength(Submission.MaxIdLength, MinimumLength = 1, ErrorMessage = "WorkerId is 1 to 128 characters.")]
    public string? WorkerId { get; set; }
}
