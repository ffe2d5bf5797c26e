using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace Orchestrator.Storage.Redis;

/// <summary>
/// The form of <c>ConnectionStrings:redis</c>: <c>redis[s]://[user:password@]host[:port][/database]</c>, or the client's own
/// <c>host[:port][,host…][,option=value…]</c>.
/// </summary>
public sealed class RedisConnectionString
{
    private const int DefaultPort = 6379;

    // Only of an address.
    private readonly bool _tls;
    private readonly string? _user;
    private readonly string? _password;
    private readonly int? _database;

    private RedisConnectionString(string text) => Text = text;

    private RedisConnectionString(Uri address, int? database)
    {
        var (user, password) = address.UserInfo.Split(':', 2) is [var first, var second] ? (first, second) : ("", "");
        Text = string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{(address.Port < 0 ? DefaultPort : address.Port)}");
        _tls = address.Scheme == "rediss";
        _user = user.Length == 0 ? null : Uri.UnescapeDataString(user);
        _password = password.Length == 0 ? null : Uri.UnescapeDataString(password);
        _database = database;
    }

    /// <summary>In the client's own syntax; for an address host and port only, <see cref="Apply"/> sets the rest.</summary>
    public string Text { get; }

    /// <summary>Reads a connection string.</summary>
    /// <exception cref="FormatException">It is malformed. The message says why without quoting it: it may hold a password.</exception>
    public static RedisConnectionString Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains("://", StringComparison.Ordinal) && !text.Split("://")[0].Contains('=', StringComparison.Ordinal)
            ? ParseAddress(text)
            : ParseOptions(text);
    }

    /// <summary>Sets the parts of an address beyond host and port.</summary>
    public void Apply(ConfigurationOptions client)
    {
        ArgumentNullException.ThrowIfNull(client);
        client.Ssl |= _tls;
        client.User = _user ?? client.User;
        client.Password = _password ?? client.Password;
        client.DefaultDatabase = _database ?? client.DefaultDatabase;
    }

    private static RedisConnectionString ParseAddress(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("redis" or "rediss") || !IsHost(address.Host))
        {
            throw new FormatException("it is no address of the form redis[s]://[user:password@]host[:port][/database].");
        }

        if (address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            throw new FormatException("an address has no options; say them as host:port,option=value.");
        }

        if (address.UserInfo.Length > 0 && !address.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            throw new FormatException("before the @ of an address are user and password, with a colon between them.");
        }

        var path = address.AbsolutePath.Trim('/');
        return path.Length == 0 ? new RedisConnectionString(address, null)
            : int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out var database) ? new RedisConnectionString(address, database)
            : throw new FormatException("after an address's host is the number of a database.");
    }

    private static RedisConnectionString ParseOptions(string text)
    {
        ConfigurationOptions options;
        try
        {
            options = ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException e)
        {
            // The exception's own message quotes its input, which after a comma in a password is a part of the password.
            throw new FormatException("it has an unknown option or a wrong value; the form is host:port,option=value.", e);
        }

        // The client leaves out hosts that it can't parse.
        var hosts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(part => !part.Contains('=', StringComparison.Ordinal));
        if (options.EndPoints.Count < hosts.Distinct(StringComparer.Ordinal).Count() || options.EndPoints.OfType<DnsEndPoint>().Any(host => !IsHost(host.Host)))
        {
            throw new FormatException("a host or its port is wrong; the form is host:port,option=value.");
        }

        return options.EndPoints.Count == 0 ? throw new FormatException("it names no host.")
            : options.DefaultDatabase is < 0 ? throw new FormatException("the number of a database is 0 or more.")
            : new RedisConnectionString(text);
    }

    private static bool IsHost(string host) => Uri.CheckHostName(host) != UriHostNameType.Unknown;
}
