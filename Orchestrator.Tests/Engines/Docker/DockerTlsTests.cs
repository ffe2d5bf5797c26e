using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Core.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Engines.Docker;

/// <summary>An engine behind TLS (<c>DOCKER_HOST</c>, <c>DOCKER_CERT_PATH</c>): both sides show a certificate, and both are looked at.</summary>
public sealed class DockerTlsTests(DockerEngineFixture fixture) : IClassFixture<DockerEngineFixture>, IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-tls-").FullName;
    private readonly X509Certificate2 _authority = Issue("CN=authority", null, null);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Ping_BothSidesAreKnown_Answers()
    {
        var engine = Connect(Issue("CN=client", _authority, null), Issue("CN=server", _authority, IPAddress.Loopback), _authority);

        await engine.PingAsync(Cancel);
        Assert.Empty(await engine.ListAsync(Cancel));
    }

    [Fact]
    public async Task Ping_EngineOfAnotherAuthority_IsNotTrusted()
    {
        using var other = Issue("CN=authority", null, null);
        var engine = Connect(Issue("CN=client", _authority, null), Issue("CN=server", other, IPAddress.Loopback), _authority);

        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.PingAsync(Cancel));
    }

    [Fact]
    public async Task Ping_EngineOfAnotherName_IsNotTrusted()
    {
        var engine = Connect(Issue("CN=client", _authority, null), Issue("CN=server", _authority, IPAddress.Parse("10.1.2.3")), _authority);

        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.PingAsync(Cancel));
    }

    [Fact]
    public async Task Ping_OurCertificateIsUnknownToTheEngine_IsRefused()
    {
        using var other = Issue("CN=authority", null, null);
        var engine = Connect(Issue("CN=client", other, null), Issue("CN=server", _authority, IPAddress.Loopback), _authority);

        await Assert.ThrowsAsync<EngineUnavailableException>(() => engine.PingAsync(Cancel));
    }

    private IRunnerEngine Connect(X509Certificate2 client, X509Certificate2 server, X509Certificate2 trusted)
    {
        fixture.Require();
        Components.RequireEngineSocket();
        File.WriteAllText(Path.Combine(_folder, "ca.pem"), trusted.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "cert.pem"), client.ExportCertificatePem());
        using var key = client.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        _listener.Start();
        _ = ServeAsync(server);
        return fixture.ServicesOf(EngineFixture.NewInstance(), docker =>
        {
            docker.Host = $"tcp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
            docker.CertPath = _folder;
            docker.CallTimeoutSeconds = 5;
        }).GetRequiredService<IRunnerEngine>();
    }

    private async Task ServeAsync(X509Certificate2 server)
    {
        try
        {
            while (true)
            {
                _ = ServeOneAsync(await _listener.AcceptTcpClientAsync(), server);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeOneAsync(TcpClient near, X509Certificate2 server)
    {
        try
        {
            using (near)
            {
                await using var secure = new SslStream(near.GetStream(), false, (_, shown, _, _) => shown is X509Certificate2 certificate && IsOurs(certificate));
                await secure.AuthenticateAsServerAsync(server, clientCertificateRequired: true, checkCertificateRevocation: false);
                using var far = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await far.ConnectAsync(new UnixDomainSocketEndPoint(Components.EngineSocket));
                await using var engine = new NetworkStream(far);
                await Task.WhenAny(secure.CopyToAsync(engine), engine.CopyToAsync(secure));
            }
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
        {
        }
    }

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        return chain.Build(certificate);
    }

    private static X509Certificate2 Issue(string name, X509Certificate2? authority, IPAddress? address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        if (address is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
        }

        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        if (authority is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var issued = request.Create(authority, from.AddMinutes(1), to.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
