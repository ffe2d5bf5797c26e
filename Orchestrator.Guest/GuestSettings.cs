using System.Globalization;
using System.Net;

namespace Orchestrator.Guest;

/// <summary>The server's settings, from its environment.</summary>
/// <param name="Port">The TCP port; 0 lets the system choose.</param>
/// <param name="Address">The address to listen on; null is every one.</param>
/// <param name="TokenHash">SHA-256 of the token that <c>/run</c> requires: 32 bytes. The token itself never comes here.</param>
internal sealed record GuestSettings(int Port, IPAddress? Address, byte[] TokenHash)
{
    public const string PortVariable = "PORT";
    public const string BindVariable = "RUNNER_BIND";
    public const string TokenHashVariable = "RUNNER_TOKEN_SHA256";
    public const string RunnerIdVariable = "RUNNER_ID";
    public const int DefaultPort = 3000;

    /// <param name="sameUser">Without isolation only this machine may call, unless configured otherwise.</param>
    /// <exception cref="FormatException">A variable is missing or wrong; the message is one line that names it.</exception>
    public static GuestSettings FromEnvironment(bool sameUser)
    {
        var (port, address) = Listener(sameUser);
        return new GuestSettings(port, address, TokenHashOf(Environment.GetEnvironmentVariable(TokenHashVariable)));
    }

    /// <summary>Where the server listens.</summary>
    /// <param name="sameUser">As above.</param>
    /// <exception cref="FormatException">A variable is wrong; the message is one line that names it.</exception>
    public static (int Port, IPAddress? Address) Listener(bool sameUser)
    {
        var port = Environment.GetEnvironmentVariable(PortVariable) is { Length: > 0 } text
            ? ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new FormatException($"{PortVariable} must be a port from 0 to 65535.")
            : DefaultPort;

        IPAddress? address = sameUser ? IPAddress.Loopback : null;
        if (Environment.GetEnvironmentVariable(BindVariable) is { Length: > 0 } bind && !IPAddress.TryParse(bind, out address))
        {
            throw new FormatException($"{BindVariable} must be an IP address.");
        }

        return (port, address);
    }

    private static byte[] TokenHashOf(string? text)
    {
        if (text is { Length: 64 } && text.All(char.IsAsciiHexDigit))
        {
            return Convert.FromHexString(text);
        }

        throw new FormatException($"{TokenHashVariable} must be the SHA-256 of the runner's token: 64 hex digits.");
    }
}
