using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Docker.DotNet.Handler.Abstractions;

namespace Docker.DotNet.Transport;

/// <summary>
/// How bytes reach the engine. Ordinary calls share a pool of kept-alive connections; a call that takes its
/// connection over has one of its own, since only who holds the socket can close the sending half alone.
/// </summary>
internal sealed class EngineTransport : IDisposable
{
    private readonly Uri _endpoint;
    private readonly bool _tls;
    private readonly IAuthProvider _authProvider;
    private readonly HttpMessageInvoker _pool;

    public EngineTransport(ResolvedClientOptions options)
    {
        _endpoint = options.Endpoint;
        _authProvider = options.AuthProvider;
        _tls = _endpoint.Scheme switch
        {
            "unix" => false,
            "tcp" or "http" or "https" => _authProvider.TlsEnabled,
            "ssh" => throw new SshDockerEndpointNotSupportedException(),
            var scheme => throw new NotSupportedException($"The URI scheme '{scheme}' is not supported."),
        };
        _pool = CreateInvoker(_ => { });
    }

    /// <summary>
    /// What requests are addressed to. The scheme is http even over TLS, which <see cref="ConnectAsync"/> adds.
    /// </summary>
    public Uri BaseAddress => _endpoint.Scheme == "unix"
        ? new Uri("http://docker/")
        : new UriBuilder("http", _endpoint.Host, Port).Uri;

    private int Port => _endpoint.IsDefaultPort || _endpoint.Port < 0 ? (_tls ? 443 : 80) : _endpoint.Port;

    /// <summary>Sends over the pool; returns when the head of the answer is there.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(_pool, request, cancellationToken);

    /// <summary>Sends over a connection of its own, which lives as long as the returned stream's owner keeps it.</summary>
    public async Task<(HttpResponseMessage Response, HijackedConnection Connection)> SendAloneAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Stream? transport = null;
        var invoker = CreateInvoker(stream => transport = stream);
        try
        {
            var response = await SendAsync(invoker, request, cancellationToken);
            return (response, new HijackedConnection(invoker, transport!));
        }
        catch
        {
            invoker.Dispose();
            throw;
        }
    }

    public void Dispose() => _pool.Dispose();

    /// <summary>Failures to connect come as upstream's: refusals of a TCP port in an aggregate, those of TLS bare.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMessageInvoker invoker, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await invoker.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException && e.HttpRequestError == HttpRequestError.ConnectionError && _endpoint.Scheme != "unix")
        {
            throw new AggregateException(e.InnerException);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new AuthenticationException(e.InnerException.Message, e);
        }
    }

    private HttpMessageInvoker CreateInvoker(Action<Stream> connected)
    {
        var handler = new SocketsHttpHandler
        {
            // The engine is no web site: no proxy, no redirects, no cookies, no spans of its own.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
        };
        var outermost = _authProvider.ConfigureHandler(handler);
        handler.ConnectCallback = async (_, cancellationToken) =>
        {
            var stream = await ConnectAsync(handler.SslOptions, cancellationToken);
            connected(stream);
            return stream;
        };
        return new HttpMessageInvoker(outermost);
    }

    private async ValueTask<Stream> ConnectAsync(SslClientAuthenticationOptions tls, CancellationToken cancellationToken)
    {
        var socket = _endpoint.Scheme == "unix"
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint address = _endpoint.Scheme == "unix"
                ? new UnixDomainSocketEndPoint(_endpoint.LocalPath)
                : new DnsEndPoint(_endpoint.IdnHost, Port);
            if (address is DnsEndPoint)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            }

            await socket.ConnectAsync(address, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return _tls ? await EncryptAsync(stream, tls, cancellationToken) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<SslStream> EncryptAsync(
        NetworkStream stream, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var encrypted = new SslStream(stream);
        await encrypted.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = _endpoint.IdnHost,
                ClientCertificates = options.ClientCertificates,
                RemoteCertificateValidationCallback = options.RemoteCertificateValidationCallback,
            },
            cancellationToken);
        return encrypted;
    }
}
