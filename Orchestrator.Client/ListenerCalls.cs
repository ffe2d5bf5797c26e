using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Client;

/// <summary>Calls of one listener: its address, the key, a limit for every answer, and errors as exceptions.</summary>
internal sealed class ListenerCalls(HttpClient http, Uri address, OrchestratorClientOptions options, TimeProvider time)
{
    private readonly Uri _address = new(address.AbsoluteUri.TrimEnd('/') + "/");
    private readonly string? _apiKey = options.ApiKey;
    private readonly TimeSpan _timeout = options.Timeout;

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, answer, TimeSpan.Zero, cancellationToken);

    public Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, null, answer, TimeSpan.Zero, cancellationToken);

    public Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, null, answer, TimeSpan.Zero, cancellationToken);

    public Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> answer, CancellationToken cancellationToken, TimeSpan work = default) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, bodyType), answer, work, cancellationToken);

    /// <summary>Begins a call with a streamed answer.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_apiKey is not null)
        {
            request.Headers.Add("X-Api-Key", _apiKey);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await OrchestratorException.ReadAsync(response, cancellationToken);
        }
    }

    /// <summary>Makes a call whose answer has no body.</summary>
    public async Task SendAsync(HttpMethod method, string path, CancellationToken cancellationToken, HttpContent? body = null)
    {
        using var request = NewRequest(method, path, body);
        using var response = await OpenAsync(request, cancellationToken);
    }

    /// <summary>Opens a WebSocket.</summary>
    public async Task<WebSocket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(new Uri(_address, path));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        var socket = new ClientWebSocket();
        if (_apiKey is not null)
        {
            socket.Options.SetRequestHeader("X-Api-Key", _apiKey);
        }

        try
        {
            await socket.ConnectAsync(address.Uri, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public HttpRequestMessage NewRequest(HttpMethod method, string path, HttpContent? body = null) =>
        new(method, new Uri(_address, path)) { Content = body };

    /// <summary>Aborts a call that takes longer than the server's work and the time-out together.</summary>
    public CancellationTokenSource NewLimit(TimeSpan work) => new(work + _timeout, time);

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> answer, TimeSpan work, CancellationToken cancellationToken)
    {
        using var request = NewRequest(method, path, body);
        using var limit = NewLimit(work);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var response = await OpenAsync(request, either.Token);
            return await response.Content.ReadFromJsonAsync(answer, either.Token) ?? throw new JsonException("The answer is null.");
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{method} {request.RequestUri}: no answer within {(work + _timeout).TotalSeconds} s.", exception);
        }
    }
}
