using Orchestrator.Guest.Protocol;

namespace Orchestrator.Api.Sessions;

/// <summary>Answers of server-sent events.</summary>
internal static class EventResponses
{
    /// <summary>Sends the answer's head, so that the caller knows that the call was accepted before its first event.</summary>
    public static async ValueTask<EventStream> BeginEventsAsync(
        this HttpResponse response, TimeProvider time, bool base64, CancellationToken cancellationToken)
    {
        response.ContentType = ServerSentEvents.ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers[EventStream.BufferingHeader] = "no";
        await response.BodyWriter.FlushAsync(cancellationToken);
        return new EventStream(response.BodyWriter, time, base64);
    }
}
