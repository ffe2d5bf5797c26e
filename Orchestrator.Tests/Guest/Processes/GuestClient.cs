using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Tests.Guest.Processes;

/// <summary>Speaks Connect in JSON, as the E2B SDKs do.</summary>
internal sealed class GuestClient(HttpClient client)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A unary call's answer.</summary>
    public async Task<(int Status, JsonElement Body)> CallAsync(string method, object message)
    {
        using var response = await client.PostAsync($"/process.Process/{method}", JsonContent.Create(message), Cancelled);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement);
    }

    /// <summary>A unary call that has to succeed.</summary>
    public async Task<JsonElement> OkAsync(string method, object message)
    {
        var (status, body) = await CallAsync(method, message);
        Assert.True(status == 200, $"{method}: {status} {body}");
        return body;
    }

    public Task<ProcessFollower> StartAsync(object message, params (string Name, string Value)[] headers) =>
        OpenAsync("Start", message, headers);

    public Task<ProcessFollower> FollowAsync(object message, params (string Name, string Value)[] headers) =>
        OpenAsync("Connect", message, headers);

    /// <summary>Starts a shell that runs the script.</summary>
    public Task<ProcessFollower> ShellAsync(string script, bool stdin = false, int timeoutMs = 0) => StartAsync(
        new { process = new { cmd = "/bin/bash", args = new[] { "-c", script } }, stdin }, ("Connect-Timeout-Ms", $"{timeoutMs}"));

    private async Task<ProcessFollower> OpenAsync(string method, object message, (string Name, string Value)[] headers)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message);
        var body = new byte[5 + json.Length];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), json.Length);
        json.CopyTo(body, 5);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/process.Process/{method}") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/connect+json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/connect+json", response.Content.Headers.ContentType?.MediaType);
        return new ProcessFollower(response, await response.Content.ReadAsStreamAsync(Cancelled));
    }
}

/// <summary>Reads the events of one stream.</summary>
internal sealed class ProcessFollower(HttpResponseMessage response, Stream stream) : IAsyncDisposable
{
    private readonly byte[] _header = new byte[5];
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public int Pid { get; private set; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    /// <summary>The offset that the last data carried.</summary>
    public string? Offset { get; private set; }

    public int KeepAlives { get; private set; }

    /// <summary>The <c>end</c> event; undefined before.</summary>
    public JsonElement End { get; private set; }

    /// <summary>The trailer's error code; null when the stream ended well.</summary>
    public string? Code { get; private set; }

    /// <summary>The stream's message, for an error.</summary>
    public string? Message { get; private set; }

    /// <summary>Reads to the trailer.</summary>
    public async Task<ProcessFollower> ReadToEndAsync()
    {
        while (await NextAsync())
        {
        }

        return this;
    }

    /// <summary>Reads to the trailer, and keeps nothing of the output but its length.</summary>
    public async Task<long> CountAsync()
    {
        long count = 0;
        while (await NextAsync())
        {
            count += _output.Length;
            _output.Clear();
        }

        return count;
    }

    /// <summary>Reads until the output has the text.</summary>
    public async Task<ProcessFollower> OutputHasAsync(string text)
    {
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(await NextAsync(), $"The stream ended with {Code} {Message} {End}, without '{text}' in: {Output}{Error}");
        }

        return this;
    }

    /// <summary>Reads the first event.</summary>
    public async Task<ProcessFollower> BeginAsync()
    {
        Assert.True(await NextAsync(), $"{Code}: {Message}");
        Assert.NotEqual(0, Pid);
        return this;
    }

    /// <summary>Reads one message.</summary>
    /// <returns>False after the trailer.</returns>
    public async Task<bool> NextAsync()
    {
        await stream.ReadExactlyAsync(_header, Cancelled);
        var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(1))];
        await stream.ReadExactlyAsync(payload, Cancelled);
        var message = JsonDocument.Parse(payload).RootElement;
        if (_header[0] == 2)
        {
            if (message.TryGetProperty("error", out var error))
            {
                (Code, Message) = (error.GetProperty("code").GetString(), error.GetProperty("message").GetString());
            }

            Assert.Equal(0, await stream.ReadAsync(_header, Cancelled));
            return false;
        }

        Take(message.GetProperty("event"));
        return true;
    }

    /// <summary>Leaves as a client whose connection is cut.</summary>
    public ValueTask DisposeAsync()
    {
        response.Dispose();
        return stream.DisposeAsync();
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("start", out var start))
        {
            Pid = start.GetProperty("pid").GetInt32();
        }
        else if (message.TryGetProperty("data", out var data))
        {
            foreach (var (name, target) in new[] { ("stdout", _output), ("pty", _output), ("stderr", _error) })
            {
                if (data.TryGetProperty(name, out var bytes))
                {
                    target.Append(Encoding.Latin1.GetString(bytes.GetBytesFromBase64()));
                }
            }

            Offset = data.TryGetProperty("offset", out var offset) ? offset.GetString() : null;
        }
        else if (message.TryGetProperty("end", out var end))
        {
            End = end;
        }
        else
        {
            Assert.True(message.TryGetProperty("keepalive", out _));
            KeepAlives++;
        }
    }
}
