using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orchestrator.Guest.Files.Serving;
using Orchestrator.Guest.Processes;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary>The HTTP server. No configuration files, no framework's routing, almost no service container: every cold
/// provision waits for its start.</summary>
internal static partial class RunnerServer
{
    private const int MaxConnections = 512;

    // By then the caller that waits for the start has its answer.
    private static readonly TimeSpan AfterStart = TimeSpan.FromMilliseconds(250);

    public static int Run(bool sameUser)
    {
        GuestSettings settings;
        try
        {
            settings = GuestSettings.FromEnvironment(sameUser);
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        var processes = sameUser ? new ProcessTree(adoptOrphans: true) : null;
        processes?.StartReaping();
        void Exit() => ExitNow(processes);
        using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Exit());
        using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Exit());

        IAgentConnector agents = processes is null ? new AgentConnector(TimeProvider.System) : new SameUserConnector(processes);
        using var app = Build(settings, agents, TimeProvider.System, Exit);
        try
        {
            app.Start();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            Console.Error.WriteLine($"Cannot listen on port {settings.Port}: {error.Message}");
            return 1;
        }

        var address = AddressOf(app);
        LogListening(app.Logger, address, sameUser ? "in this process's own name" : "through the agent");
        FirstRequest.Make(new Uri(address), FirstRequest.Health);
        ReservedThreads.Make();
        Thread.Sleep(AfterStart);
        FirstRequest.Make(new Uri(address), FirstRequest.WrongToken);
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <summary>The application, not yet listening.</summary>
    /// <param name="settings">The settings from the environment.</param>
    /// <param name="agents">The way to the process that runs code.</param>
    /// <param name="time">The clock.</param>
    /// <param name="exit">Ends this process, at an authorized caller's request.</param>
    public static WebApplication Build(GuestSettings settings, IAgentConnector agents, TimeProvider time, Action exit)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(new LineLoggerProvider(Console.Out, time));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RunRequest.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            // A stream may be silent, and its reader slow: that pauses a process, and breaks nothing.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            if (settings.Address is { } address)
            {
                kestrel.Listen(address, settings.Port);
            }
            else
            {
                kestrel.ListenAnyIP(settings.Port);
            }
        });

        var app = builder.Build();
        var clock = new IdleClock(time);
        var token = new AccessToken(settings.TokenHash);
        var processes = new GuestProcesses(agents, time);
        IEndpoint[] endpoints =
        [
            new HealthEndpoint(clock),
            new EnvironmentEndpoint(),
            new RunEndpoint(processes, time, app.Logger),
            new ProcessEndpoint(processes, new UserGate(agents)),
            new ResetEndpoint(processes, agents),
            new RotateEndpoint(token),
            new TunnelEndpoint(),
            new FilesEndpoint(token, agents, time),
            new FilesystemEndpoint(agents, time),
            new UsageEndpoint(new ResourceUsage("/sys/fs/cgroup", "/proc", time), Workspace(), time),
            new StopEndpoint(exit),
        ];
        app.Run(new Router(endpoints, token, clock).HandleAsync);
        return app;
    }

    /// <summary>The address a started application listens on, with the port the system chose.</summary>
    public static string AddressOf(WebApplication app) =>
        ((IApplicationBuilder)app).ServerFeatures.Get<IServerAddressesFeature>()!.Addresses.First();

    private static string Workspace() => Environment.GetEnvironmentVariable(CommandEnvironment.Workspace) is { Length: > 0 } folder
        ? folder
        : CodeUser.Current.Home;

    /// <summary>Nothing here is worth a graceful end: the caller of a runner's removal waits for this.</summary>
    private static void ExitNow(ProcessTree? processes)
    {
        processes?.KillAll();
        Posix._exit(0);
    }

    [LoggerMessage(1510, LogLevel.Information, "Listening on {Address}, running code {How}")]
    private static partial void LogListening(ILogger logger, string address, string how);
}
