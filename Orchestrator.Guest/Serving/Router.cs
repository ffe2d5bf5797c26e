using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Guest.Connect;

namespace Orchestrator.Guest.Serving;

/// <summary>Finds what answers a call, and admits its caller. No framework's routing: every cold provision waits for the
/// server's start.</summary>
internal sealed class Router
{
    private readonly Dictionary<string, List<ServerRoute>> _routes = new(StringComparer.Ordinal);
    private readonly AccessToken _token;
    private readonly IdleClock _clock;

    public Router(IEnumerable<IEndpoint> endpoints, AccessToken token, IdleClock clock)
    {
        (_token, _clock) = (token, clock);
        foreach (var route in endpoints.SelectMany(endpoint => endpoint.Routes))
        {
            if (!_routes.TryGetValue(route.Path, out var routes))
            {
                _routes.Add(route.Path, routes = []);
            }

            routes.Add(route);
        }
    }

    public Task HandleAsync(HttpContext context)
    {
        // The page that shows a session's code has another origin than the runner; the token protects it.
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var method = context.Request.Method;
        var path = context.Request.Path.Value ?? "";
        if (!_routes.TryGetValue(path, out var routes))
        {
            return Refusal.WriteAsync(
                context, DialectOf(path), 404, "NOT_FOUND", ConnectCode.Unimplemented, $"There is no {path}.");
        }

        if (HttpMethods.IsOptions(method))
        {
            return Preflight(context, routes);
        }

        if (routes.Find(route => route.Method == method || (HttpMethods.IsHead(method) && route.Method == HttpMethods.Get)) is { } route)
        {
            return AdmitAsync(context, route);
        }

        var methods = MethodsOf(routes);
        context.Response.Headers.Allow = $"{methods}, OPTIONS";
        return Refusal.WriteAsync(
            context, routes[0].Dialect, 405, "METHOD_NOT_ALLOWED", ConnectCode.Unimplemented, $"{path} takes {methods}.");
    }

    private async Task AdmitAsync(HttpContext context, ServerRoute route)
    {
        if (route.NeedsToken && !_token.Admits(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Refusal.WriteAsync(
                context, route.Dialect, 401, "UNAUTHORIZED", ConnectCode.Unauthenticated,
                "Send the runner's token: Authorization: Bearer <token>.");
            return;
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = route.MaxBody;
        if (!route.IsActivity)
        {
            await route.Handle(context);
            return;
        }

        _clock.Begin();
        try
        {
            await route.Handle(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is nobody to answer.
        }
        finally
        {
            _clock.End();
        }
    }

    private static Task Preflight(HttpContext context, List<ServerRoute> routes)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = MethodsOf(routes);
        headers.AccessControlAllowHeaders = routes[0].Dialect == Dialect.Runner
            ? "Authorization, Content-Type"
            : context.Request.Headers["Access-Control-Request-Headers"];
        headers.AccessControlMaxAge = "600";
        if (context.Request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
        {
            headers["Access-Control-Allow-Private-Network"] = "true";
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static string MethodsOf(List<ServerRoute> routes) => string.Join(", ", routes.Select(route => route.Method));

    /// <summary>The form of an unknown path's refusal: a client of Connect wants its own.</summary>
    private static Dialect DialectOf(string path) => path.AsSpan().TrimStart('/').Contains('.') && path.AsSpan(1).Contains('/')
        ? Dialect.Connect
        : Dialect.Rest;
}
