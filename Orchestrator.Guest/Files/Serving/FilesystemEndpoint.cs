using System.Text.Json.Serialization.Metadata;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Files.Serving;

/// <summary><c>filesystem.Filesystem</c>: envd's service for files (docs/contract/e2b.md, section 3.4).</summary>
internal sealed class FilesystemEndpoint : IEndpoint
{
    private const string Service = "/filesystem.Filesystem/";

    private readonly IAgentConnector _agents;
    private readonly Watchers _watchers;

    /// <param name="agents">The way to the process that has the code's rights.</param>
    /// <param name="time">The clock by which forgotten watchers end.</param>
    public FilesystemEndpoint(IAgentConnector agents, TimeProvider time)
    {
        _agents = agents;
        _watchers = new Watchers(agents, time);
    }

    public IEnumerable<ServerRoute> Routes =>
    [
        Method("Stat", StatAsync),
        Method("MakeDir", MakeDirectoryAsync),
        Method("Move", MoveAsync),
        Method("ListDir", ListAsync),
        Method("Remove", RemoveAsync),
        Method("WatchDir", WatchAsync),
        Method("CreateWatcher", CreateWatcherAsync),
        Method("GetWatcherEvents", WatcherEventsAsync),
        Method("RemoveWatcher", RemoveWatcherAsync),
    ];

    private static ServerRoute Method(string name, RequestDelegate handle) => new(HttpMethods.Post, Service + name, handle, Dialect.Connect);

    private Task StatAsync(HttpContext context) => EntryAsync(
        context, FilesystemJson.Default.PathMessage, message => new FileRequest(FileOperation.Stat, message.Path));

    private Task MakeDirectoryAsync(HttpContext context) => EntryAsync(
        context, FilesystemJson.Default.PathMessage, message => new FileRequest(FileOperation.MakeDirectory, message.Path));

    private Task MoveAsync(HttpContext context) => EntryAsync(
        context, FilesystemJson.Default.MoveMessage, message => new FileRequest(FileOperation.Move, message.Source, message.Destination));

    private Task RemoveAsync(HttpContext context) => ConnectCall.UnaryAsync(
        context,
        FilesystemJson.Default.PathMessage,
        FilesystemJson.Default.ConnectEmpty,
        (message, cancellationToken) => Translated(async () =>
        {
            var request = new AgentRequest(File: new FileRequest(FileOperation.Remove, message.Path));
            await using var call = await FileCall.BeginAsync(_agents, context.Request, request, cancellationToken);
            await call.EndAsync();
            return ConnectEmpty.Value;
        }));

    private Task EntryAsync<T>(HttpContext context, JsonTypeInfo<T> type, Func<T, FileRequest> request)
        where T : class => ConnectCall.UnaryAsync(
            context,
            type,
            FilesystemJson.Default.EntryMessage,
            (message, cancellationToken) => Translated(async () =>
                new EntryMessage(await FileCall.DoAsync(_agents, context.Request, request(message), cancellationToken))));

    /// <summary>The agent's entries are passed on as they come: a list has no limit.</summary>
    private Task ListAsync(HttpContext context) => ConnectCall.UnaryAsync(
        context,
        FilesystemJson.Default.ListMessage,
        async (message, cancellationToken) => await Translated(async () =>
        {
            var request = new AgentRequest(File: new FileRequest(FileOperation.List, message.Path, Depth: message.Depth));
            await using var call = await FileCall.BeginAsync(_agents, context.Request, request, cancellationToken);
            await call.StartAsync();
            var body = context.Response.BodyWriter;
            await body.WriteAsync("{\"entries\":["u8.ToArray(), cancellationToken);
            while (await call.NextAsync() is { } entries)
            {
                await body.WriteAsync(entries, cancellationToken);
            }

            await body.WriteAsync("]}"u8.ToArray(), cancellationToken);
            return ConnectEmpty.Value;
        }));

    private Task WatchAsync(HttpContext context) => ConnectCall.StreamAsync(
        context,
        FilesystemJson.Default.WatchMessage,
        "{\"keepalive\":{}}"u8.ToArray(),
        bounded: true,
        async (message, stream, cancellationToken) => await Translated(async () =>
        {
            var request = new AgentRequest(Watch: message.ToRequest());
            await using var call = await FileCall.BeginAsync(_agents, context.Request, request, cancellationToken);
            await call.StartAsync();
            await stream.SendAsync("{\"start\":{}}"u8.ToArray(), cancellationToken);
            while (await call.NextEventAsync() is { } happened)
            {
                await stream.SendAsync(new WatchEventMessage(happened), FilesystemJson.Default.WatchEventMessage, cancellationToken);
            }

            return ConnectEmpty.Value;
        }));

    private Task CreateWatcherAsync(HttpContext context) => ConnectCall.UnaryAsync(
        context,
        FilesystemJson.Default.WatchMessage,
        FilesystemJson.Default.WatcherIdMessage,
        (message, cancellationToken) => Translated(async () =>
            new WatcherIdMessage(await _watchers.CreateAsync(context.Request, message.ToRequest(), cancellationToken))));

    private Task WatcherEventsAsync(HttpContext context) => ConnectCall.UnaryAsync(
        context,
        FilesystemJson.Default.WatcherMessage,
        FilesystemJson.Default.EventsMessage,
        (message, _) => Translated(() => Task.FromResult(new EventsMessage(_watchers.TakeEvents(message.Id)))));

    private Task RemoveWatcherAsync(HttpContext context) => ConnectCall.UnaryAsync(
        context,
        FilesystemJson.Default.WatcherMessage,
        FilesystemJson.Default.ConnectEmpty,
        (message, _) => Translated(async () =>
        {
            await _watchers.RemoveAsync(message.Id);
            return ConnectEmpty.Value;
        }));

    private static async ValueTask<T> Translated<T>(Func<Task<T>> operation)
    {
        try
        {
            return await operation();
        }
        catch (FileException error)
        {
            throw FileProblem.ToConnect(error);
        }
    }
}
