using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Benchmarks.Hosting;
using Orchestrator.Engines.Docker;

namespace Orchestrator.Benchmarks.Scale;

/// <summary>
/// A simulated Docker engine on a unix socket that lists any number of runners: a separate process, so that its time and
/// memory don't count as ours.
/// </summary>
internal sealed partial class ListingEngine : IAsyncDisposable
{
    /// <summary>The hidden command that runs this program as the engine.</summary>
    public const string Command = "listing-engine";

    private static readonly byte[] Image = Encoding.UTF8.GetBytes(
        $$$$$"""{"Id":"{{{{{ListedRunner.ImageId}}}}}","Config":{"User":"10001:10001","Labels":{"{{{{{DockerLabels.Supervisor}}}}}":"{{{{{ListedRunner.Supervisor}}}}}"}}}""");

    private static readonly byte[] Exec = Encoding.UTF8.GetBytes(
        $$$$"""{"ID":"e1","Running":true,"ExitCode":null,"ProcessConfig":{"entrypoint":"{{{{ListedRunner.Supervisor}}}}","arguments":["agent"],"tty":false,"user":"10002:10002","privileged":false}}""");

    private readonly ServerProcess _process;
    private readonly HttpClient _client;

    private ListingEngine(ServerProcess process, string socket)
    {
        (_process, Socket) = (process, socket);
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var connection = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                await connection.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket), cancel);
                return new System.Net.Sockets.NetworkStream(connection, ownsSocket: true);
            },
        });
    }

    public string Socket { get; }

    /// <summary>The number of whole listings served.</summary>
    public async Task<int> ListingsAsync() => int.Parse(await _client.GetStringAsync(new Uri("http://engine/listings")), CultureInfo.InvariantCulture);

    /// <summary>The number of containers and execs inspected.</summary>
    public async Task<int> LooksAsync() => int.Parse(await _client.GetStringAsync(new Uri("http://engine/looks")), CultureInfo.InvariantCulture);

    public static async Task<ListingEngine> StartAsync(string folder, int runners)
    {
        var socket = Path.Combine(folder, "engine.sock");
        var process = ServerProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Orchestrator.Benchmarks.dll"), new Dictionary<string, string>(), Listening(),
            Command, socket, string.Create(CultureInfo.InvariantCulture, $"{runners}"));
        await process.ReadyLineAsync();
        return new ListingEngine(process, socket);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
    }

    /// <summary>Serves until it is stopped.</summary>
    public static async Task ServeAsync(string socket, int runners)
    {
        var listing = Listing(runners);
        var (listings, looks) = (0, 0);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        var app = builder.Build();
        app.MapGet("/listings", () => Volatile.Read(ref listings).ToString(CultureInfo.InvariantCulture));
        app.MapGet("/looks", () => Volatile.Read(ref looks).ToString(CultureInfo.InvariantCulture));
        app.MapGet("/_ping", () => "OK");
        app.MapGet("/containers/json", async (HttpContext call) =>
        {
            call.Response.ContentType = "application/json";
            if (AskedFor().Match(call.Request.Query["filters"].ToString()) is { Success: true } one)
            {
                var number = int.Parse(one.Groups[1].Value, CultureInfo.InvariantCulture);
                await call.Response.WriteAsync(number < runners ? $"[{new ListedRunner(number).Json}]" : "[]");
                return;
            }

            Interlocked.Increment(ref listings);
            // In chunks without a Content-Length, as the engine sends it.
            for (var at = 0; at < listing.Length; at += 32 * 1024)
            {
                await call.Response.Body.WriteAsync(listing.AsMemory(at, Math.Min(32 * 1024, listing.Length - at)));
                await call.Response.Body.FlushAsync();
            }
        });
        app.MapGet("/containers/{id}/json", (string id) =>
        {
            Interlocked.Increment(ref looks);
            return Results.Text($$"""{"Id":"{{id}}","State":{"Running":true},"ExecIDs":["e1"]}""", "application/json");
        });
        app.MapGet("/exec/{id}/json", () =>
        {
            Interlocked.Increment(ref looks);
            return Results.Bytes(Exec, "application/json");
        });
        app.MapGet("/images/{name}/json", () => Results.Bytes(Image, "application/json"));
        app.MapGet("/events", async (HttpContext call) =>
        {
            call.Response.ContentType = "application/json";
            await call.Response.StartAsync();
            await Task.Delay(Timeout.Infinite, call.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        app.MapPost("/containers/{id}/rename", () => Results.NoContent());
        await app.StartAsync();
        Console.WriteLine($"The listing engine has {runners} runners.");
        await app.WaitForShutdownAsync();
    }

    private static byte[] Listing(int runners)
    {
        using var whole = new MemoryStream();
        whole.WriteByte((byte)'[');
        for (var number = 0; number < runners; number++)
        {
            if (number > 0)
            {
                whole.WriteByte((byte)',');
            }

            whole.Write(Encoding.UTF8.GetBytes(new ListedRunner(number).Json));
        }

        whole.WriteByte((byte)']');
        using (JsonDocument.Parse(new ReadOnlyMemory<byte>(whole.GetBuffer(), 0, (int)whole.Length)))
        {
            return whole.ToArray();
        }
    }

    [GeneratedRegex("The listing engine has")]
    private static partial Regex Listening();

    [GeneratedRegex(@"orchestrator\.runner=runner-\d+-(\d+)")]
    private static partial Regex AskedFor();
}
