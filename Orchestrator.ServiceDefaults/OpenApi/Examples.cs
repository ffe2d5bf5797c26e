using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Security;

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

    /// <summary>Says what a call takes, and how it is read. The body stays optional: what it needs may come in a header.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, JsonTypeInfo<T> type, string example) => builder
        .WithMetadata(type, new Example(null, typeof(T), example, Json))
        .Fails(400, "BODY_INVALID", "The body is not a JSON object.")
        .Fails(413, "BODY_TOO_LARGE", BodyLimit.Default.Refusal().Value.Message);

    /// <summary>Says what a call answers.</summary>
    public static TBuilder Answers<T, TBuilder>(this TBuilder builder, int status, string example, string contentType)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(
            new ProducesResponseTypeMetadata(status, typeof(T), [contentType]), new Example(status, typeof(T), example, contentType));

    /// <summary>Says what a call answers.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder builder, int status, string example, string contentType = Json) =>
        builder.Answers<T, RouteHandlerBuilder>(status, example, contentType);

    /// <summary>Says that a call answers server-sent events instead, where its caller accepts them.</summary>
    public static RouteHandlerBuilder Streams(this RouteHandlerBuilder builder, int status, string example) =>
        builder.WithMetadata(new Example(status, typeof(string), example, "text/event-stream"));

    /// <summary>Says how a call is refused or fails.</summary>
    public static TBuilder Fails<TBuilder>(this TBuilder builder, int status, string error, string? message = null)
        where TBuilder : IEndpointConventionBuilder => builder.Answers<ApiError, TBuilder>(
            status,
            message is null ? $$"""{"error":"{{error}}"}""" : $$"""{"error":"{{error}}","message":"{{message}}"}""",
            Json);

    /// <summary>Says that calls may fail for a reason that nobody foresaw.</summary>
    public static TBuilder FailsUnexpectedly<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Fails(500, "SERVER_ERROR", "An unexpected error occurred on the server.");

    /// <summary>Says that a call needs the store.</summary>
    public static RouteHandlerBuilder FailsWithoutStore(this RouteHandlerBuilder builder) =>
        builder.Fails(503, "STORE_UNAVAILABLE", "The store can't be reached. Please retry in a few seconds.");

    /// <summary>Says that a call adds to the queue of tasks.</summary>
    public static RouteHandlerBuilder FailsWhenQueueIsFull(this RouteHandlerBuilder builder) =>
        builder.Fails(429, "QUEUE_FULL", "1000000 tasks are waiting already. Please retry in a few seconds.");
}
