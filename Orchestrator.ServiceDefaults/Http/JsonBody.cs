using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>
/// A handler's parameter that is bound from a call's JSON body, read by <see cref="JsonBody.ReadAsync{T}"/> with the
/// endpoint's <see cref="JsonTypeInfo{T}"/> (<see cref="Examples.Takes{T}"/>).
/// </summary>
/// <param name="value">The body; null when there is none.</param>
public sealed class JsonBody<T>(T? value)
    where T : class
{
    /// <summary>The body; null when there is none.</summary>
    public T? Value => value;

    /// <summary>Binds the parameter.</summary>
    /// <exception cref="InvalidInputException">It is not JSON, no object, or a field has the wrong type.</exception>
    /// <exception cref="BadHttpRequestException">It is too long, or did not arrive in time.</exception>
    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The framework binds by it.")]
    public static async ValueTask<JsonBody<T>> BindAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var type = context.GetEndpoint()?.Metadata.GetMetadata<JsonTypeInfo<T>>()
            ?? throw new InvalidOperationException($"The endpoint has no JSON type for {typeof(T).Name}.");
        return new(await JsonBody.ReadAsync(context.Request, type));
    }
}

/// <summary>Reads JSON bodies: optional, whatever their <c>Content-Type</c>, with errors that name the field.</summary>
public static class JsonBody
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    /// <summary>
    /// Reads the body as a JSON object; null when there is none. Unknown fields are refused, or ignored where the endpoint
    /// says so (<see cref="IgnoredUnknownFields"/>).
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="type">The object's JSON type.</param>
    /// <exception cref="InvalidInputException">It is not JSON, no object, or a field is unknown or has the wrong type.</exception>
    /// <exception cref="BadHttpRequestException">It is too long, or did not arrive in time.</exception>
    public static async ValueTask<T?> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (request.ContentLength == 0)
        {
            return null;
        }

        var cancellationToken = request.HttpContext.RequestAborted;
        // The whole body is kept in memory, so an endpoint that lifts the limit for streams does not lift it here.
        var limit = BodyLimit.Of(request.HttpContext).MaxBytes ?? BodyLimit.DefaultBytes;
        var ignoresUnknown = request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IgnoredUnknownFields>() is not null;
        while (true)
        {
            var read = await ReadAsync(request, cancellationToken);
            if (read.Buffer.Length > limit)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                throw new BadHttpRequestException("Request body too large.", StatusCodes.Status413PayloadTooLarge);
            }

            if (!read.IsCompleted)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                return Parse(read.Buffer, type, ignoresUnknown);
            }
            finally
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    private static async ValueTask<ReadResult> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.BodyReader.ReadAsync(cancellationToken);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            // Kestrel throws it for a chunk size that overflows.
            throw new BadHttpRequestException("The body's chunks are malformed.", exception);
        }
    }

    private static T? Parse<T>(ReadOnlySequence<byte> body, JsonTypeInfo<T> type, bool ignoresUnknown)
        where T : class
    {
        var reader = new Utf8JsonReader(SkipMark(body), Options);
        try
        {
            if (!reader.Read())
            {
                return null;
            }

            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new InvalidInputException("BODY_INVALID", "The body is not a JSON object.");
            }

            var value = JsonSerializer.Deserialize(ref reader, type);
            if (reader.Read())
            {
                throw new InvalidInputException("BODY_INVALID", "Unexpected content after the JSON object.");
            }

            return JsonFields.Correct(SkipMark(body), type, Options, ignoresUnknown) is { } corrected
                ? JsonSerializer.Deserialize(corrected.Span, type)
                : value;
        }
        catch (JsonException) when (IsBlank(body))
        {
            return null;
        }
        catch (JsonException exception)
        {
            throw Describe(exception);
        }
    }

    // For malformed JSON the reader gives only a position; for a wrong value the serializer gives its path.
    private static InvalidInputException Describe(JsonException exception)
    {
        var field = exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
        if (exception.InnerException is JsonException || field is null)
        {
            var position = $"line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}";
            return new InvalidInputException("BODY_INVALID", $"The body is not valid JSON ({position}{(field is null ? "" : $", in {field}")}).");
        }

        return InvalidInputException.Field(field, "has the wrong type or is not valid text.");
    }

    private static ReadOnlySequence<byte> SkipMark(ReadOnlySequence<byte> body)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        Span<byte> start = stackalloc byte[mark.Length];
        if (body.Length < mark.Length)
        {
            return body;
        }

        body.Slice(0, mark.Length).CopyTo(start);
        return start.SequenceEqual(mark) ? body.Slice(mark.Length) : body;
    }

    private static bool IsBlank(ReadOnlySequence<byte> body)
    {
        foreach (var segment in SkipMark(body))
        {
            if (segment.Span.ContainsAnyExcept(" \t\r\n"u8))
            {
                return false;
            }
        }

        return true;
    }
}
