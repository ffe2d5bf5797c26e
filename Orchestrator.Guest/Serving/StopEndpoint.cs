using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Orchestrator.Guest.Serving;

/// <summary>
/// <c>POST /stop</c>: ends the runner at once, and with it whatever runs in it. The orchestrator asks for it before it
/// removes a runner: a container whose program has ended is removed sooner than the engine kills one.
/// </summary>
/// <param name="token">Who may ask.</param>
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
        // Not before the answer is out.
        context.Response.Headers.Connection = "close";
        context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.Register(exit);
    }
}
