namespace Orchestrator.Client;

/// <summary>Calls Orchestrator: sessions and their commands, machines, tasks. Thread-safe; one for all calls is enough.</summary>
/// <remarks>
/// Every call throws <see cref="OrchestratorException"/> when it is refused or fails, <see cref="HttpRequestException"/> when
/// the server is unreachable, and <see cref="TimeoutException"/> when no answer comes in time.
/// </remarks>
public sealed class OrchestratorClient : IDisposable
{
    private readonly HttpClient? _owned;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="options">Orchestrator's addresses; this machine's usual ports when left out.</param>
    public OrchestratorClient(OrchestratorClientOptions? options = null)
        : this(NewHttpClient(), options ?? new()) => _owned = Http;

    /// <summary>A client over the caller's <see cref="HttpClient"/>, which the caller configures and disposes of.</summary>
    /// <param name="http">Sends the calls. Its own time-out counts, too.</param>
    /// <param name="options">Orchestrator's addresses.</param>
    /// <param name="time">The clock; the system's when left out.</param>
    public OrchestratorClient(HttpClient http, OrchestratorClientOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Http = http;
        time ??= TimeProvider.System;
        var sessions = new ListenerCalls(http, options.SessionsAddress, options, time);
        Sessions = new SessionsClient(sessions);
        Processes = new ProcessesClient(sessions);
        Files = new FilesClient(sessions);
        Tasks = new TasksClient(sessions, time);
        Machines = new MachinesClient(new ListenerCalls(http, options.MachinesAddress, options, time));
    }

    /// <summary>Sessions: a runner each, and commands in it.</summary>
    public SessionsClient Sessions { get; }

    /// <summary>Processes and terminals of sessions' runners.</summary>
    public ProcessesClient Processes { get; }

    /// <summary>Files of sessions' runners.</summary>
    public FilesClient Files { get; }

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
