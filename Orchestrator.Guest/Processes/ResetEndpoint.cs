using System.Net.Sockets;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;

namespace Orchestrator.Guest.Processes;

/// <summary><c>POST /reset</c>: kills every process of the code's user, empties its folders and forgets what ran.</summary>
internal sealed class ResetEndpoint(GuestProcesses processes, IAgentConnector agents) : IEndpoint
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public IEnumerable<ServerRoute> Routes => [new(HttpMethods.Post, "/reset", ResetAsync, Dialect.Rest)];

    private async Task ResetAsync(HttpContext context)
    {
        if (await EmptyAsync() is { } problem)
        {
            await Refusal.WriteAsync(context, 500, problem);
            return;
        }

        await processes.ClearAsync();
        context.Response.StatusCode = 204;
    }

    /// <returns>What is wrong, or null. A caller that leaves does not stop it half-way.</returns>
    private async Task<string?> EmptyAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await using var agent = await AgentConnection.OpenAsync(agents, limit.Token);
            if (agent is null)
            {
                return "The process that runs code is not ready.";
            }

            await agent.SendAsync(new AgentRequest(Reset: new ResetRequest()), limit.Token);
            return await agent.ReadAsync(limit.Token) is { Type: FrameType.Exit } frame
                ? CommandExit.Parse(frame.Payload.Span).Error
                : "The process that runs code was killed.";
        }
        catch (Exception error) when (error is IOException or SocketException or FrameException or OperationCanceledException)
        {
            return $"The process that runs code does not answer: {error.Message}";
        }
    }
}
