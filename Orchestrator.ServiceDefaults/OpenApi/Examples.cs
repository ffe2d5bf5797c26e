using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.OpenApi;

/// <summary>An example of what a call takes or answers, for the OpenAPI document.</summary>
/// <param name="Status">The answer's status; null for the request.</param>
/// <param name="Type">The shape of it.</param>
/// <param name="Text">The example: JSON, or text where the call answers text.</param>
/// <param name="ContentType">The media type.</param>
public sealed record Example(int? Status, Type Type, string Text, string ContentType);

/// <summary>Describes calls by examples.</summary>
public static class Examples
{
    private const string Json = "application/json";

    /// <summary>Says what a call takes. The body stays optional: what it needs may come in a header.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, string example) =>
        builder.WithMetadata(new Example(null, typeof(T), example, Json));

    /// <summary>Says what a call answers.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder builder, int status, string example, string contentType = Json) =>
        builder.Produces<T>(status, contentType).WithMetadata(new Example(status, typeof(T), example, contentType));

    /// <summary>Says how a call is refused or fails.</summary>
    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder builder, int status, string error, string? message = null) =>
        builder.Answers<ApiError>(status, message is null
            ? $$"""{"error":"{{error}}"}"""
            : $$"""{"error":"{{error}}","message":"{{message}}"}""");
}
