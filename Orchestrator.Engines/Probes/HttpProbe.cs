using System.Net;

namespace Orchestrator.Engines.Probes;

/// <summary>
/// Ready when a GET is answered below 500: an image that lacks the path is up when it answers 404, and one that answers
/// 5xx is not ready yet.
/// </summary>
internal sealed class HttpProbe(ProbeHttpClient client, Uri uri) : IReadinessProbe
{
    public string Target => uri.ToString();

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(uri, cancellationToken);
            return (int)response.StatusCode < (int)HttpStatusCode.InternalServerError;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
