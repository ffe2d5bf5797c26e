namespace Orchestrator.Api.Readiness;

/// <summary>Ready when a GET is answered with 2xx.</summary>
internal sealed class HttpProbe(ProbeHttpClient client, Uri uri) : IReadinessProbe
{
    public string Target => uri.ToString();

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(uri, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
