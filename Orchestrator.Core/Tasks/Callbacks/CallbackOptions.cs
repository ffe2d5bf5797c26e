namespace Orchestrator.Core.Tasks.Callbacks;

/// <summary>Section <c>Callbacks</c>: where the ends of tasks may be told.</summary>
public sealed class CallbackOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Callbacks";

    /// <summary>The <c>host:port</c> pairs that callers may name in <c>callback_url</c>; none unless set.</summary>
    public IReadOnlyList<string> Allowed { get; set; } = [];
}
