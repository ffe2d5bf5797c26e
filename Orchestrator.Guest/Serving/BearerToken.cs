using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Guest.Serving;

/// <summary>Checks callers. The container holds only the token's hash: code that reads all of it still cannot call.</summary>
internal sealed class BearerToken(byte[] hash)
{
    private const string Scheme = "Bearer ";

    /// <summary>Whether the caller sent the token; otherwise it is answered 401.</summary>
    public async ValueTask<bool> AdmitsAsync(HttpContext context)
    {
        if (Accepts(context.Request.Headers.Authorization))
        {
            return true;
        }

        context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
        await RunEndpoint.Refuse(context, 401, "UNAUTHORIZED", "Send the runner's token: Authorization: Bearer <token>.");
        return false;
    }

    private bool Accepts(string? authorization) =>
        authorization is not null
        && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest.Sha256(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())), hash);
}
