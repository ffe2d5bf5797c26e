using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet.Handler.Abstractions;

namespace Docker.DotNet.X509;

/// <summary>The three files of <c>DOCKER_CERT_PATH</c>.</summary>
public sealed class DockerTlsCertificates(X509Certificate2 certificate, X509Certificate2? certificateAuthorityCertificate = null)
{
    public static DockerTlsCertificates LoadFromDirectory(
        string directoryPath,
        bool loadCertificateAuthority = true,
        string caPemFileName = "ca.pem",
        string certPemFileName = "cert.pem",
        string keyPemFileName = "key.pem")
    {
        if (!Directory.Exists(directoryPath))
        {
            throw new DirectoryNotFoundException(directoryPath);
        }

        var client = LoadCertificateFromPemFiles(
            Path.Combine(directoryPath, certPemFileName),
            Path.Combine(directoryPath, keyPemFileName));
        var authority = Path.Combine(directoryPath, caPemFileName);
        return new DockerTlsCertificates(
            client,
            loadCertificateAuthority && File.Exists(authority) ? LoadCertificateAuthorityFromPemFile(authority) : null);
    }

    public static X509Certificate2 LoadCertificateFromPemFiles(string certPemPath, string keyPemPath) =>
        X509Certificate2.CreateFromPemFile(Existing(certPemPath), Existing(keyPemPath));

    public static X509Certificate2 LoadCertificateAuthorityFromPemFile(string caPemPath) =>
        X509CertificateLoader.LoadCertificateFromFile(Existing(caPemPath));

    /// <summary>Trusts what the given authority signed, and nothing else.</summary>
    public static RemoteCertificateValidationCallback CreateCertificateAuthorityValidationCallback(
        X509Certificate2 certificateAuthorityCertificate)
    {
        ArgumentNullException.ThrowIfNull(certificateAuthorityCertificate);
        return (_, presented, _, _) =>
        {
            if (presented is not X509Certificate2 server)
            {
                return false;
            }

            using var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(certificateAuthorityCertificate);
            return chain.Build(server);
        };
    }

    public IAuthProvider CreateCredentials() => new CertificateCredentials(certificate)
    {
        ServerCertificateValidationCallback = certificateAuthorityCertificate is null
            ? null
            : CreateCertificateAuthorityValidationCallback(certificateAuthorityCertificate),
    };

    private static string Existing(string path) => File.Exists(path) ? path : throw new FileNotFoundException(path);
}
