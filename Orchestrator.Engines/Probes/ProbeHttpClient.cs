using System.Net.Http.Headers;
using Orchestrator.Core;
using Orchestrator.Core.Guests;

namespace Orchestrator.Engines.Probes;

/// <summary>
/// The one HTTP client for runners: no proxy, no redirects, no cookies, short time limits, and bounded answers, since
/// runners are not trusted.
/// </summary>
internal sealed class ProbeHttpClient : IDisposable
{
    private readonly HttpClient _client;

    /// <summary>A client that connects by the address of each call.</summary>
    public ProbeHttpClient()
        : this(null)
    {
    }

    /// <summary>A client of one runner, whatever the address of a call.</summary>
    public ProbeHttpClient(IGuestConnector connector, RunnerPlacement placement)
        : this((_, cancellationToken) => connector.ConnectAsync(placement, cancellationToken))
    {
    }

    private ProbeHttpClient(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect) => _client = new(new SocketsHttpHandler
    {
        ConnectCallback = connect,
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        MeterFactory = UnusedMeters.Instance,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.Zero,
        MaxResponseHeadersLength = 16,
        ResponseDrainTimeout = TimeSpan.Zero,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Requests an answer's head; the body is left to the caller.</summary>
    public Task<HttpResponseMessage> GetAsync(Uri uri, CancellationToken cancellationToken) =>
        _client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Requests a short text; null when the answer is not 2xx or longer than <paramref name="maxBytes"/>.</summary>
    public async Task<string?> GetTextAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        using var response = await GetAsync(uri, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[maxBytes + 1];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return count > maxBytes ? null : System.Text.Encoding.UTF8.GetString(buffer, 0, count);
    }

    /// <summary>Posts an empty body with a token; true when the answer is 2xx.</summary>
    public async Task<bool> PostAsync(Uri uri, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode;
    }

    public void Dispose() => _client.Dispose();
}
