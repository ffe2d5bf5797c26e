namespace Orchestrator.Client;

/// <summary>Calls Orchestrator: sessions and their commands, machines, tasks. Thread-safe; one for all calls is enough.</summary>
/// <remarks>
/// Every call throws <see cref="OrchestratorException"/> when it is refused or fails, <see cref="HttpRequestException"/> when
/// the server can't be reached, and <see cref="TimeoutException"/> when no answer comes in time.
/// </remarks>
public sealed class OrchestratorClient : IDisposable
{
    private readonly HttpClient? _owned;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="options">Where Orchestrator is; on this machine's usual ports when left out.</param>
    public OrchestratorClient(OrchestratorClientOptions? options = null)
        : this(NewHttpClient(), options ?? new()) => _owned = Http;

    /// <summary>A client over an <see cref="HttpClient"/> that somebody else makes, sets up and disposes of.</summary>
    /// <param name="http">What sends the calls. Its own time-out counts, too.</param>
    /// <param name="options">Where Orchestrator is.</param>
    /// <param name="time">The clock; the system's when left out.</param>
    public OrchestratorClient(HttpClient http, OrchestratorClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Http = http;
        time ??= TimeProvider.System;
        var sessions = new ListenerCalls(http, options.SessionsAddress, options, time);
        Sessions = new SessionsClient(sessions);
        Tasks = new TasksClient(sessions, time);
        Machines = new MachinesClient(new ListenerCalls(http, options.MachinesAddress, options, time));
    }

    /// <summary>Sessions: a runner each, and commands in it.</summary>
    public SessionsClient Sessions { get; }

    /// <summary>Machines: runners lent to projects.</summary>
    public MachinesClient Machines { get; }

    /// <summary>Queued tasks.</summary>
    public TasksClient Tasks { get; }

    private HttpClient Http { get; }

    /// <inheritdoc />
    public void Dispose() => _owned?.Dispose();

    private static HttpClient NewHttpClient() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
}
