using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.OpenApi;

/// <summary>An example of a call's request or answer, for the OpenAPI document.</summary>
/// <param name="Status">The answer's status; null for the request.</param>
/// <param name="Type">Its type.</param>
/// <param name="Text">The example: JSON, or text where the call answers text.</param>
/// <param name="ContentType">The media type.</param>
public sealed record Example(int? Status, Type Type, string Text, string ContentType);

/// <summary>Describes calls by examples.</summary>
public static class Examples
{
    private const string Json = "application/json";

    /// <summary>Describes a call's request and its JSON type. The body stays optional, since headers may replace it.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, JsonTypeInfo<T> type, string example) => builder
        .WithMetadata(type, new Example(null, typeof(T), example, Json))
        .Fails(400, "BODY_INVALID", "The body is not a JSON object.")
        .Fails(413, "BODY_TOO_LARGE", BodyLimit.Default.Refusal().Value.Message);

    /// <summary>Describes a call's request of bytes, which is of any length and content type.</summary>
    public static RouteHandlerBuilder TakesBytes(this RouteHandlerBuilder builder, string example) => builder
        .WithMetadata(new Example(null, typeof(string), example, "application/octet-stream"))
        .WithBodyLimit(null);

    /// <summary>Describes an answer of a call.</summary>
    public static TBuilder Answers<T, TBuilder>(this TBuilder builder, int status, string example, string contentType)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(
            new ProducesResponseTypeMetadata(status, typeof(T), [contentType]), new Example(status, typeof(T), example, contentType));

    /// <summary>Describes an answer of a call.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder builder, int status, string example, string contentType = Json) =>
        builder.Answers<T, RouteHandlerBuilder>(status, example, contentType);

    /// <summary>Describes an answer without a body.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder builder, int status)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ProducesResponseTypeMetadata(status));

    /// <summary>Adds server-sent events as an alternative answer, for callers that accept them.</summary>
    public static RouteHandlerBuilder Streams(this RouteHandlerBuilder builder, int status, string example) =>
        builder.WithMetadata(new Example(status, typeof(string), example, "text/event-stream"));

    /// <summary>Describes how a call is refused or fails.</summary>
    public static TBuilder Fails<TBuilder>(this TBuilder builder, int status, string error, string? message = null)
        where TBuilder : IEndpointConventionBuilder => builder.Answers<ApiError, TBuilder>(
            status,
            message is null ? $$"""{"error":"{{error}}"}""" : $$"""{"error":"{{error}}","message":"{{message}}"}""",
            Json);

    /// <summary>Describes an unexpected failure.</summary>
    public static TBuilder FailsUnexpectedly<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Fails(500, "SERVER_ERROR", "An unexpected error occurred on the server.");

    /// <summary>Describes the failure of a call that needs the store.</summary>
    public static RouteHandlerBuilder FailsWithoutStore(this RouteHandlerBuilder builder) =>
        builder.Fails(503, "STORE_UNAVAILABLE", "The store can't be reached. Please retry in a few seconds.");

    /// <summary>Describes the refusal by a full queue of tasks.</summary>
    public static RouteHandlerBuilder FailsWhenQueueIsFull(this RouteHandlerBuilder builder) =>
        builder.Fails(429, "QUEUE_FULL", "1000000 tasks are waiting already. Please retry in a few seconds.");
}
