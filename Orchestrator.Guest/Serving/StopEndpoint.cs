using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Guest.Serving;

/// <summary>
/// <c>POST /stop</c>: ends the runner at once, with everything that runs in it. The orchestrator calls it before it
/// removes a runner: a container whose program has ended is removed faster than the engine kills one.
/// </summary>
/// <param name="token">Admits callers.</param>
/// <param name="exit">Ends this process.</param>
internal sealed class StopEndpoint(BearerToken token, Action exit)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!await token.AdmitsAsync(context))
        {
            return;
        }

        context.Response.StatusCode = 204;
        // Only after the answer was sent.
        context.Response.Headers.Connection = "close";
        context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.Register(exit);
    }
}
