using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using Docker.DotNet.X509;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Docker.ClientTests;

/// <summary>An engine on another machine: TCP, and TLS with certificates on both sides.</summary>
public sealed class TlsTests(RealEngine engine) : IClassFixture<RealEngine>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tls_WithTheRightCertificates_CarriesCallsAndEvents()
    {
        await using var relay = Relay();
        using var client = Client(relay);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var events = new ChannelProgress<Message>();
        var monitor = client.System.MonitorEventsAsync(new ContainerEventsParameters(), events, cancel.Token);

        Assert.Equal(
            (await engine.Client.System.GetSystemInfoAsync(Cancel)).ID, (await client.System.GetSystemInfoAsync(Cancel)).ID);
        var id = (await client.Containers.CreateContainerAsync(engine.Container(), Cancel)).ID;
        await client.Containers.StartContainerAsync(id, null, Cancel);

        await events.WaitForAsync(message => message.Actor.ID == id && message.Action == "start", Cancel);
        await Assertions.CancelsAsync(cancel, monitor);
    }

    [Fact]
    public async Task Tls_AnExecWhoseInputIsClosed_StillAnswers()
    {
        await using var relay = Relay();
        using var client = Client(relay);
        var container = await engine.StartAsync("sleep 600", Cancel);
        var created = await client.Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters { Cmd = ["sh", "-c", "wc -c; echo later >&2"], AttachStdin = true, AttachStdout = true, AttachStderr = true },
            Cancel);

        using var stream = await client.Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters(), Cancel);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("hello"), 0, 5, Cancel);
        stream.CloseWrite();

        Assert.Equal(("5\n", "later\n"), await stream.ReadOutputToEndAsync(Cancel));
    }

    [Fact]
    public async Task Tls_ToAServerThatNobodyTrusts_IsAuthenticationException()
    {
        await using var relay = Relay();
        var own = DockerTlsCertificates.LoadFromDirectory(relay.Certificates, loadCertificateAuthority: false);
        using var client = new DockerClientBuilder().WithEndpoint(relay.Endpoint).WithAuthProvider(own.CreateCredentials()).Build();

        await Assert.ThrowsAsync<AuthenticationException>(() => client.System.PingAsync(Cancel));
    }

    [Fact]
    public async Task Tls_WithoutACertificate_IsRefused()
    {
        await using var relay = Relay();
        var authority = DockerTlsCertificates.LoadCertificateAuthorityFromPemFile(Path.Combine(relay.Certificates, "ca.pem"));
        var nobody = new CertificateCredentials(null)
        {
            ServerCertificateValidationCallback = DockerTlsCertificates.CreateCertificateAuthorityValidationCallback(authority),
        };
        using var client = new DockerClientBuilder().WithEndpoint(relay.Endpoint).WithAuthProvider(nobody).Build();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.System.PingAsync(Cancel));
    }

    [Fact]
    public async Task Tcp_ToAPortThatNobodyListensOn_IsASocketErrorInside()
    {
        using var client = new DockerClientBuilder().WithEndpoint(new Uri("tcp://127.0.0.1:1")).Build();

        var error = await Assert.ThrowsAsync<AggregateException>(() => client.System.PingAsync(Cancel));

        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(error.InnerException).SocketErrorCode);
    }

    private TlsRelay Relay()
    {
        engine.Require();
        Assert.SkipUnless(engine.Client.Options.Endpoint.Scheme == "unix", "The engine is behind no local socket.");
        return new TlsRelay(engine.Client.Options.Endpoint.LocalPath);
    }

    private static DockerClient Client(TlsRelay relay) => new DockerClientBuilder()
        .WithEndpoint(relay.Endpoint)
        .WithAuthProvider(DockerTlsCertificates.LoadFromDirectory(relay.Certificates).CreateCredentials())
        .Build();
}
