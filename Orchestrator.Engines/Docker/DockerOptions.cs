using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Engines.Docker;

/// <summary>Section <c>Docker</c>: where the engine is, and how long it may take to answer.</summary>
internal sealed class DockerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Docker";

    /// <summary>The engine's endpoint (<c>DOCKER_HOST</c>): <c>unix</c>, <c>tcp</c>, <c>http</c> or <c>https</c>; the usual socket when empty.</summary>
    public string? Host { get; set; }

    /// <summary>A folder with <c>cert.pem</c>, <c>key.pem</c> and <c>ca.pem</c> (<c>DOCKER_CERT_PATH</c>); with it, TCP endpoints speak TLS.</summary>
    public string? CertPath { get; set; }

    /// <summary>TLS even without <see cref="CertPath"/> (<c>DOCKER_TLS_VERIFY</c>); the certificates then are in <c>~/.docker</c>.</summary>
    public bool TlsVerify { get; set; }

    /// <summary>How long an ordinary call may take, in seconds.</summary>
    [Range(1, 600)]
    public double CallTimeoutSeconds { get; set; } = 30;

    /// <summary>How long creating a container may take, and starting it, in seconds each.</summary>
    [Range(1, 600)]
    public double StartTimeoutSeconds { get; set; } = 60;

    /// <summary>How long pulling an image may take, in seconds.</summary>
    [Range(1, 7_200)]
    public double PullTimeoutSeconds { get; set; } = 600;

    /// <summary><see cref="CallTimeoutSeconds"/>.</summary>
    public TimeSpan CallTimeout => TimeSpan.FromSeconds(CallTimeoutSeconds);

    /// <summary><see cref="StartTimeoutSeconds"/>.</summary>
    public TimeSpan StartTimeout => TimeSpan.FromSeconds(StartTimeoutSeconds);

    /// <summary><see cref="PullTimeoutSeconds"/>.</summary>
    public TimeSpan PullTimeout => TimeSpan.FromSeconds(PullTimeoutSeconds);
}
