using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet.Handler.Abstractions;

namespace Docker.DotNet.X509;

/// <summary>TLS with a client certificate.</summary>
public class CertificateCredentials(X509Certificate2? certificate) : IAuthProvider
{
    public bool TlsEnabled => true;

    /// <summary>Decides about the engine's certificate; the machine's trust decides when null.</summary>
    public RemoteCertificateValidationCallback? ServerCertificateValidationCallback { get; set; }

    public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler)
    {
        if (handler is SocketsHttpHandler sockets)
        {
            sockets.SslOptions.ClientCertificates = certificate is null ? null : [certificate];
            sockets.SslOptions.RemoteCertificateValidationCallback = ServerCertificateValidationCallback;
        }

        return handler;
    }
}
