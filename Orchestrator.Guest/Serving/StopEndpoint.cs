using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Guest.Serving;

/// <summary>
/// <c>POST /stop</c>: ends the runner at once, with everything that runs in it. The orchestrator calls it before it
/// removes a runner: a container whose program has ended is removed faster than the engine kills one.
/// </summary>
/// <param name="exit">Ends this process.</param>
internal sealed class StopEndpoint(Action exit) : IEndpoint
{
    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Post, "/stop", StopAsync)];

    private Task StopAsync(HttpContext context)
    {
        context.Response.StatusCode = 204;
        // Only after the answer was sent.
        context.Response.Headers.Connection = "close";
        context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.Register(exit);
        return Task.CompletedTask;
    }
}
