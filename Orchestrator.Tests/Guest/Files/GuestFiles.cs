using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Orchestrator.Guest;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary>The guest's server in this process, its agent too, and a folder to work in.</summary>
internal sealed class GuestFiles : IAsyncDisposable
{
    public const string Token = "a token of the tests";

    private readonly ProcessTree _processes = new(adoptOrphans: false);
    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _app;

    private GuestFiles(IAgentConnector? agents, TimeProvider? time)
    {
        Directory.CreateDirectory(_folder.Path);
        var settings = new GuestSettings(0, IPAddress.Loopback, SHA256.HashData(Encoding.UTF8.GetBytes(Token)));
        _app = RunnerServer.Build(settings, agents ?? new SameUserConnector(_processes), time ?? TimeProvider.System, () => { });
    }

    public string Folder => _folder.Path;

    /// <summary>Sends the token.</summary>
    public HttpClient Client { get; private set; } = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<GuestFiles> StartAsync(IAgentConnector? agents = null, TimeProvider? time = null)
    {
        Components.RequireLinux();
        var guest = new GuestFiles(agents, time);
        await guest._app.StartAsync(Cancelled);
        guest.Client = guest.NewClient();
        guest.Client.DefaultRequestHeaders.Add("X-Access-Token", Token);
        return guest;
    }

    /// <summary>A client without the token.</summary>
    public HttpClient NewClient() => new() { BaseAddress = new Uri(RunnerServer.AddressOf(_app)) };

    public string At(params ReadOnlySpan<string> names) => Path.Combine([Folder, .. names]);

    /// <summary>Makes a file, and the folders that lead to it.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public static string Url(string path, string more = "") => $"/files?path={Uri.EscapeDataString(path)}{more}";

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, Url(path), null, headers);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string url, HttpContent? content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, url) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
    }

    /// <summary>Calls a unary method of the service for files.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(string method, object message)
    {
        using var content = JsonContent.Create(message);
        await content.LoadIntoBufferAsync(Cancelled);
        using var response = await Client.PostAsync($"/filesystem.Filesystem/{method}", content, Cancelled);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled));
    }

    /// <summary>Begins a watch, and returns when it stands.</summary>
    public async Task<EventReader> WatchAsync(object message)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message);
        var envelope = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(envelope.AsSpan(1), bytes.Length);
        bytes.CopyTo(envelope, 5);
        var content = new ByteArrayContent(envelope);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        var response = await SendAsync(HttpMethod.Post, "/filesystem.Filesystem/WatchDir", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new EventReader(response, await response.Content.ReadAsStreamAsync(Cancelled));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _processes.KillAll();
        _folder.Dispose();
    }
}

/// <summary>Reads the messages of a watch.</summary>
internal sealed class EventReader(HttpResponseMessage response, Stream body) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The error of the last message; null when it has none.</summary>
    public JsonElement? Error { get; private set; }

    /// <summary>The next message; null after the last. Fails when none comes for twenty seconds.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        var header = new byte[5];
        await body.ReadExactlyAsync(header, limit.Token);
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
        await body.ReadExactlyAsync(payload, limit.Token);
        var message = JsonSerializer.Deserialize<JsonElement>(payload);
        if (header[0] != 2)
        {
            return message;
        }

        Error = message.TryGetProperty("error", out var error) ? error : null;
        return null;
    }

    public async Task StartsAsync() => Assert.True((await NextAsync())?.TryGetProperty("start", out _), "The first message is no start.");

    /// <summary>Reads events up to the one that is waited for, as <c>CREATE name</c>.</summary>
    public async Task<List<string>> UntilAsync(string last)
    {
        var seen = new List<string>();
        while (!seen.Contains(last))
        {
            var message = await NextAsync();
            Assert.True(message is not null, $"The watch ended before '{last}', after: {string.Join(", ", seen)}. {Error}");
            var happened = message.Value.GetProperty("filesystem");
            seen.Add($"{happened.GetProperty("type").GetString()!["EVENT_TYPE_".Length..]} {happened.GetProperty("name").GetString()}");
        }

        return seen;
    }

    public void Dispose() => response.Dispose();
}
