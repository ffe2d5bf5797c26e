using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// The machine's engine behind TCP and TLS, as <c>dockerd --tlsverify</c> would have it: a relay in front of its socket
/// that only lets clients in whose certificate its own authority signed.
/// </summary>
public sealed class TlsRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _socket;
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _server;
    private readonly Task _accepting;

    public TlsRelay(string socket)
    {
        _socket = socket;
        _authority = CreateAuthority();
        _server = Sign("CN=localhost", "localhost", IPAddress.Loopback);
        WriteFiles();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"tcp://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>A folder as <c>DOCKER_CERT_PATH</c> names one: ca.pem, cert.pem and key.pem.</summary>
    public string Certificates { get; } = Directory.CreateTempSubdirectory("orchestrator-tls-").FullName;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Directory.Delete(Certificates, recursive: true);
        _authority.Dispose();
        _server.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                relays.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var _ = client;
        try
        {
            await using var outside = new SslStream(new NetworkStream(client));
            await outside.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = _server,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 presented && IsOurs(presented),
                },
                _stop.Token);
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), _stop.Token);
            await using var inside = new NetworkStream(socket);
            var up = UpAsync(outside, inside, socket);
            await inside.CopyToAsync(outside, _stop.Token);
            await outside.ShutdownAsync();
            client.Shutdown(SocketShutdown.Send);
            await up;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException)
        {
            // The client left, or was not let in; the next one may do better.
        }
    }

    private async Task UpAsync(SslStream outside, NetworkStream inside, Socket socket)
    {
        await outside.CopyToAsync(inside, _stop.Token);
        socket.Shutdown(SocketShutdown.Send);
    }

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        return chain.Build(certificate);
    }

    private void WriteFiles()
    {
        using var client = Sign("CN=client");
        File.WriteAllText(Path.Combine(Certificates, "ca.pem"), _authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(Certificates, "cert.pem"), client.ExportCertificatePem());
        File.WriteAllText(Path.Combine(Certificates, "key.pem"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private static X509Certificate2 CreateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Orchestrator tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
    }

    private X509Certificate2 Sign(string subject, string? host = null, IPAddress? address = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            names.AddIpAddress(address!);
            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = request.Create(
            _authority, DateTimeOffset.UtcNow.AddMinutes(-4), DateTimeOffset.UtcNow.AddMinutes(50), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
