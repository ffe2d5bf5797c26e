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
    /// Folder of the SQLite database, created when missing; one process at a time. <c>./orchestrator up</c> uses
    /// <c>~/.local/share/orchestrator</c>; its <c>--data</c> sets this key.
    /// </summary>
    [Required]
    public string DataFolder { get; set; } = ".data";

    /// <summary>
    /// What an answer survives. <c>Normal</c>: the death of any process; a power cut may cost the last second.
    /// <c>Full</c>: a power cut too, at the price of a disk flush per change.
    /// </summary>
    [EnumDataType(typeof(Durability))]
    public Durability Durability { get; set; } = Durability.Normal;
}
