using Microsoft.AspNetCore.Builder;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>
/// On a call of the five documents, whose clients may send fields that the documents don't name: unknown fields are ignored,
/// but a spelling of a known one is taken as that one. Without it, every unknown field is refused.
/// </summary>
public sealed class IgnoredUnknownFields;

/// <summary>Sets what becomes of unknown fields.</summary>
public static class UnknownFields
{
    /// <summary>Ignores unknown fields in the bodies of these calls (docs/contract/sandbox.md, 5).</summary>
    public static TBuilder IgnoresUnknownFields<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new IgnoredUnknownFields());
}
