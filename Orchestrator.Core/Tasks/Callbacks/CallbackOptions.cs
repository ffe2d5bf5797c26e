using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Core.Tasks.Callbacks;

/// <summary>Section <c>Callbacks</c>: where the ends of tasks may be told.</summary>
public sealed class CallbackOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Callbacks";

    /// <summary>The <c>host:port</c> pairs that callers may name in <c>callback_url</c>.</summary>
    public IReadOnlyList<string> Allowed { get; set; } = [];

    /// <summary>
    /// Whether a name in <c>Callbacks:Allowed</c> may resolve to a private address. Addresses listed as such, <c>localhost</c>,
    /// <c>host.docker.internal</c> and <c>Pod:CallbackUrl</c> need no permission; link-local and metadata addresses get none.
    /// </summary>
    public bool AllowPrivate { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Allowed
        .Where(entry => !Uri.TryCreate($"http://{entry}/", UriKind.Absolute, out var uri) || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0
            || !entry.EndsWith($":{uri.Port}", StringComparison.Ordinal))
        .Select(entry => new ValidationResult($"'{entry}' is not host:port.", [nameof(Allowed)]));
}
