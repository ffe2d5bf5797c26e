using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.ServiceDefaults.Health;

/// <summary>
/// <c>/alive</c>: the process answers; a supervisor restarts it when it does not. <c>/ready</c>: its dependencies answer
/// too (checks tagged <see cref="ReadyTag"/>); a balancer sends it work only then.
/// </summary>
internal static class HealthEndpoints
{
    public const string ReadyTag = "ready";

    private static readonly string[] Verbs = ["GET", "HEAD"];

    /// <summary>The longest that a check may delay an answer.</summary>
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    public static void AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks();
        services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var check in options.Registrations)
            {
                if (check.Timeout <= TimeSpan.Zero)
                {
                    check.Timeout = CheckTimeout;
                }
            }
        });
    }

    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapProbe("/alive", context => context.Response.WriteAsync("alive", context.RequestAborted)).AllowAnonymous();
        AsProbe(endpoints.MapHealthChecks("/ready", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(ReadyTag),
            ResponseWriter = WriteReadyAsync,
        })).WithMetadata(new HttpMethodMetadata(Verbs)).AllowAnonymous();
    }

    /// <summary>Maps an endpoint that only machines call; the API's document and the requests' metrics omit it.</summary>
    public static IEndpointConventionBuilder MapProbe(this IEndpointRouteBuilder endpoints, string path, RequestDelegate answer) =>
        AsProbe(endpoints.MapMethods(path, Verbs, answer));

    private static IEndpointConventionBuilder AsProbe(IEndpointConventionBuilder endpoint) =>
        endpoint.ExcludeFromDescription().DisableHttpMetrics();

    // Names and states only: a check's findings belong in the log, not in an answer to anyone.
    private static Task WriteReadyAsync(HttpContext context, HealthReport report)
    {
        var ready = report.Status is not HealthStatus.Unhealthy;
        if (!ready)
        {
            context.Response.ComeAgain();
        }

        return context.Response.WriteAsJsonAsync(
            new ReadyAnswer(ready ? "ready" : "unready", report.Entries.ToDictionary(e => e.Key, e => StateOf(e.Value.Status))),
            HealthJson.Default.ReadyAnswer,
            cancellationToken: context.RequestAborted);
    }

    private static string StateOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
