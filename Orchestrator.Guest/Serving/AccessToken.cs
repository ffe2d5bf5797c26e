using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Guest.Serving;

/// <summary>Checks callers. The container holds only the token's hash: code that reads all of it still cannot call.</summary>
/// <param name="hash">SHA-256 of the token: 32 bytes.</param>
internal sealed class AccessToken(byte[] hash)
{
    private const string Scheme = "Bearer ";
    private const string Header = "X-Access-Token";

    private volatile byte[] _hash = hash;
    private volatile string? _text;

    /// <summary>The token itself, once a caller has sent it; to check signatures that are made with it.</summary>
    public string? Text => _text;

    /// <summary>Replaces the token: the old one is refused from here on.</summary>
    /// <param name="hash">SHA-256 of the new one: 32 bytes.</param>
    public void Rotate(byte[] hash)
    {
        _text = null;
        _hash = hash;
    }

    /// <summary>Whether the caller sent the token, in either header.</summary>
    public bool Admits(HttpRequest request)
    {
        string? authorization = request.Headers.Authorization;
        return Accepts(request.Headers[Header])
            || (authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                && Accepts(authorization[Scheme.Length..].Trim()));
    }

    private bool Accepts(string? token)
    {
        var expected = _hash;
        if (token is null || !CryptographicOperations.FixedTimeEquals(Digest.Sha256(Encoding.UTF8.GetBytes(token)), expected))
        {
            return false;
        }

        if (_text is null && ReferenceEquals(expected, _hash))
        {
            _text = token;
        }

        return true;
    }
}
