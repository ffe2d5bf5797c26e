using Microsoft.AspNetCore.Http;
using Orchestrator.ServiceDefaults.Errors;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>
/// Without keys, answers only calls to a name of this machine, and none through a proxy, which would make strangers look
/// like local callers. Forwarding headers are never trusted, with keys or without.
/// </summary>
internal sealed class AddressGuard(SecurityOptions options, RequestDelegate next)
{
    private static readonly HashSet<string> ForwardingHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP",
        "Fastly-Client-IP", "X-Original-For", "X-Original-Host", "X-ProxyUser-Ip",
    };

    private readonly OwnNames _names = new(options, Environment.MachineName);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (options.HasKeys)
        {
            return next(context);
        }

        if (!IsWithoutHost(request) && !_names.Includes(request.Host, context.Connection.LocalIpAddress))
        {
            return new ErrorResult(StatusCodes.Status403Forbidden, "HOST_NOT_ALLOWED",
                "The Host header does not name this machine; add the name to AllowedHosts.").ExecuteAsync(context);
        }

        foreach (var (name, _) in request.Headers)
        {
            if (IsForwarding(name))
            {
                return new ErrorResult(StatusCodes.Status403Forbidden, "FORWARDED_NOT_ALLOWED",
                    $"The call came through a proxy ({name}); behind one, set Security:ApiKeys.").ExecuteAsync(context);
            }
        }

        return next(context);
    }

    // Load balancers and HTTP/1.0 probes send no host; every browser does.
    private static bool IsWithoutHost(HttpRequest request) => HttpProtocol.IsHttp10(request.Protocol) && request.Headers.Host.Count == 0;

    private static bool IsForwarding(string name) =>
        name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase) || ForwardingHeaders.Contains(name);
}
