using System.Net;

namespace Orchestrator.Engines.Probes;

/// <summary>
/// Ready when a GET is answered below 500: an image that lacks the path is up when it says so with 404, and one that
/// says 5xx has not made up its mind.
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
