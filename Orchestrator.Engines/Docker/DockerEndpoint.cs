using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Docker.DotNet;
using Docker.DotNet.X509;
using Microsoft.Extensions.Options;

namespace Orchestrator.Engines.Docker;

/// <summary>Finds the engine and creates clients for it.</summary>
internal static class DockerEndpoint
{
    /// <summary>The endpoint that the options name, else the first usual socket that exists.</summary>
    /// <exception cref="OptionsValidationException"><see cref="DockerOptions.Host"/> is not a supported endpoint.</exception>
    public static Uri Resolve(DockerOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Host))
        {
            return Usual();
        }

        if (Uri.TryCreate(options.Host, UriKind.Absolute, out var uri)
            && uri.Scheme is "unix" or "npipe" or "tcp" or "http" or "https")
        {
            return uri;
        }

        throw new OptionsValidationException(DockerOptions.Section, typeof(DockerOptions),
            ["DOCKER_HOST has to be a unix://, npipe://, tcp://, http:// or https:// address."]);
    }

    /// <summary>Checks endpoint and certificates, without the cost of a client.</summary>
    /// <exception cref="OptionsValidationException">One of them is unusable.</exception>
    public static void Check(DockerOptions options)
    {
        if (UsesTls(Resolve(options), options))
        {
            _ = Credentials(options);
        }
    }

    /// <summary>A client for the engine; does not connect yet.</summary>
    /// <exception cref="OptionsValidationException">Endpoint or certificates are unusable.</exception>
    public static IDockerClient CreateClient(DockerOptions options)
    {
        var endpoint = Resolve(options);
        var builder = new DockerClientBuilder().WithEndpoint(endpoint).WithTimeout(Timeout.InfiniteTimeSpan);
        if (UsesTls(endpoint, options))
        {
            builder = builder.WithAuthProvider(Credentials(options));
        }

        return builder.Build();
    }

    private static bool UsesTls(Uri endpoint, DockerOptions options) =>
        endpoint.Scheme is "tcp" or "http" or "https" && (options.TlsVerify || !string.IsNullOrWhiteSpace(options.CertPath));

    private static Uri Usual()
    {
        if (OperatingSystem.IsWindows())
        {
            return new Uri("npipe://./pipe/docker_engine");
        }

        string[] usual =
        [
            "/var/run/docker.sock",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker/run/docker.sock"),
            Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "/run", "docker.sock"),
        ];
        return new Uri("unix://" + (usual.FirstOrDefault(File.Exists) ?? usual[0]));
    }

    private static CertificateCredentials Credentials(DockerOptions options)
    {
        var folder = string.IsNullOrWhiteSpace(options.CertPath)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker")
            : options.CertPath;
        try
        {
            var client = DockerTlsCertificates.LoadCertificateFromPemFiles(
                Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
            var authority = Path.Combine(folder, "ca.pem");
            return new CertificateCredentials(client)
            {
                ServerCertificateValidationCallback = File.Exists(authority)
                    ? TrustOnly(DockerTlsCertificates.LoadCertificateAuthorityFromPemFile(authority))
                    : null,
            };
        }
        catch (Exception error) when (error is IOException or System.Security.Cryptography.CryptographicException or UnauthorizedAccessException)
        {
            throw new OptionsValidationException(DockerOptions.Section, typeof(DockerOptions),
                [$"DOCKER_CERT_PATH: cert.pem and key.pem in {folder} can't be used: {error.Message}"]);
        }
    }

    // The library's own callback checks the chain only; an engine's name matters as well.
    private static RemoteCertificateValidationCallback TrustOnly(X509Certificate2 authority) =>
        (_, presented, _, errors) =>
        {
            if (presented is not X509Certificate2 server
                || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            {
                return false;
            }

            using var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            return chain.Build(server);
        };
}
