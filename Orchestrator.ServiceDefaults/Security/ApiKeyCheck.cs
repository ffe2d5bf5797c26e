using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Compares a presented key with the allowed ones in a time that reveals nothing about them.</summary>
internal sealed class ApiKeyCheck(SecurityOptions options)
{
    private readonly byte[][] _hashes = [.. options.ApiKeys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Whether it is one of the allowed keys.</summary>
    public bool Accepts(StringValues presented)
    {
        if (presented.Count != 1 || presented[0] is not { Length: > 0 and <= SecurityOptions.MaxKeyLength } key)
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        var found = false;
        foreach (var allowed in _hashes)
        {
            found |= CryptographicOperations.FixedTimeEquals(hash, allowed);
        }

        return found;
    }
}
