using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Storage.Sqlite;

/// <summary>What an answer survives.</summary>
public enum Durability
{
    /// <summary>The death of any process; a power cut may cost the last second.</summary>
    Normal,

    /// <summary>A power cut too, at the price of a disk flush for every change.</summary>
    Full,
}

/// <summary>Section <c>Storage</c>: the embedded store.</summary>
public sealed class SqliteOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Storage";

    /// <summary>
    /// The folder that holds <c>orchestrator.db</c>, made when it is missing; relative to the working folder.
    /// One process at a time can use it.
    /// </summary>
    [Required]
    public string DataFolder { get; set; } = ".data";

    /// <summary>What an answer survives.</summary>
    [EnumDataType(typeof(Durability))]
    public Durability Durability { get; set; } = Durability.Normal;
}
