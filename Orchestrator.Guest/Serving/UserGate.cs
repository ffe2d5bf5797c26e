using System.Globalization;
using System.Text;
using Orchestrator.Guest.Connect;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest.Serving;

/// <summary>Checks the user that an E2B client names by <c>Authorization: Basic</c>: there is but the code's.</summary>
internal sealed class UserGate(IAgentConnector agents)
{
    private const string Scheme = "Basic ";

    /// <exception cref="ConnectError">It is another user.</exception>
    public async ValueTask CheckAsync(HttpContext context)
    {
        string? authorization = context.Request.Headers.Authorization;
        if (authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) != true)
        {
            return;
        }

        var credentials = new byte[authorization.Length];
        var name = Convert.TryFromBase64String(authorization[Scheme.Length..].Trim(), credentials, out var count)
            ? Encoding.UTF8.GetString(credentials, 0, count).Split(':')[0]
            : throw new ConnectError(ConnectCode.Unauthenticated, "The header Authorization: Basic is not base64.");
        await CheckAsync(name, context.RequestAborted);
    }

    /// <exception cref="ConnectError">It is another user.</exception>
    public async ValueTask CheckAsync(string? name, CancellationToken cancellationToken)
    {
        if (name is null or "" or CodeUser.DefaultName)
        {
            return;
        }

        await using var agent = await AgentConnection.OpenAsync(agents, cancellationToken)
            ?? throw new ConnectError(ConnectCode.Unavailable, "The process that runs code is not ready. Retry in a moment.");
        var own = CodeUser.NameOf(agent.UserId);
        if (name != own && name != agent.UserId.ToString(CultureInfo.InvariantCulture))
        {
            throw new ConnectError(
                ConnectCode.Unauthenticated, $"Code runs as the user '{own ?? CodeUser.DefaultName}' only, not as '{name}'.");
        }
    }
}
