using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary>The HTTP server: a few paths in one handler. No configuration files, no routing, almost no service
/// container: every cold provision waits for its start.</summary>
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
        var token = new BearerToken(settings.TokenHash);
        var run = new RunEndpoint(token, agents, clock, time, app.Logger);
        var stop = new StopEndpoint(token, exit);
        app.Run(context => HandleAsync(context, run, stop, clock));
        return app;
    }

    /// <summary>The address a started application listens on, with the port the system chose.</summary>
    public static string AddressOf(WebApplication app) =>
        ((IApplicationBuilder)app).ServerFeatures.Get<IServerAddressesFeature>()!.Addresses.First();

    private static Task HandleAsync(HttpContext context, RunEndpoint run, StopEndpoint stop, IdleClock clock)
    {
        // The page that shows a session's code has another origin than the runner; the token protects it.
        context.Response.Headers.AccessControlAllowOrigin = "*";
        var method = context.Request.Method;
        var path = context.Request.Path.Value;
        if (path is not ("/healthz" or "/activity" or "/run" or "/stop"))
        {
            return RunEndpoint.Refuse(context, 404, "NOT_FOUND", "There is GET /healthz, GET /activity, POST /run and POST /stop.");
        }

        var wanted = path is "/run" or "/stop" ? HttpMethods.Post : HttpMethods.Get;
        if (HttpMethods.IsOptions(method))
        {
            return Preflight(context, wanted);
        }

        if (method != wanted && !(HttpMethods.IsHead(method) && wanted == HttpMethods.Get))
        {
            context.Response.Headers.Allow = $"{wanted}, OPTIONS";
            return RunEndpoint.Refuse(context, 405, "METHOD_NOT_ALLOWED", $"{path} takes {wanted}.");
        }

        return path switch
        {
            "/run" => run.HandleAsync(context),
            "/stop" => stop.HandleAsync(context),
            "/activity" => Answer(context, "application/json", clock.IdleSeconds.ToString(CultureInfo.InvariantCulture)),
            _ => Answer(context, "text/plain", "OK"),
        };
    }

    private static Task Preflight(HttpContext context, string method)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = method;
        headers.AccessControlAllowHeaders = "Authorization, Content-Type";
        headers.AccessControlMaxAge = "600";
        if (context.Request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            headers["Access-Control-Allow-Private-Network"] = "true";
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static Task Answer(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = text.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Nothing here is worth a graceful end: the caller of a runner's removal waits for this.</summary>
    private static void ExitNow(ProcessTree? processes)
    {
        processes?.KillAll();
        Posix._exit(0);
    }

    [LoggerMessage(1510, LogLevel.Information, "Listening on {Address}, running code {How}")]
    private static partial void LogListening(ILogger logger, string address, string how);
}
