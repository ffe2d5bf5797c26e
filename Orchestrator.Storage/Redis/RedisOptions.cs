using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Storage.Redis;

/// <summary>Section <c>Redis</c>; the server itself is named by <c>ConnectionStrings:redis</c>.</summary>
public sealed class RedisOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Redis";

    /// <summary>Prefix of every key; two orchestrators on one server need two. 1 to 40 letters, digits, <c>_</c>, <c>-</c>.</summary>
    [Required, RegularExpression("^[A-Za-z0-9_-]{1,40}$", ErrorMessage = "KeyPrefix is 1 to 40 letters, digits, '_' or '-'.")]
    public string KeyPrefix { get; set; } = "orchestrator";

    /// <summary>How long a call may take before the store counts as unreachable.</summary>
    [Range(0.1, 60)]
    public double CallTimeoutSeconds { get; set; } = 5;

    /// <summary>
    /// Refuse a server that may lose what it acknowledged (an eviction policy, no append-only file): at the start, and as not
    /// ready later. Otherwise the log, <c>/ready</c> (degraded), the page and <c>doctor</c> warn of it.
    /// </summary>
    public bool RequireDurable { get; set; }
}
